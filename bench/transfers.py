"""A gigabyte in and out: throughput against the tool of the trade, and the memory that it takes.

Each transfer runs in a process of its own, so that its peak of memory is its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.engine.storage import local
from app.engine.storage.fetch import Fetch
from app.engine.storage.http import HttpSource
from app.engine.storage.port import Source
from app.engine.storage.s3 import S3Object, S3Publication, S3Source
from app.engine.web.client import Web
from app.engine.web.guard import Guard
from planner.uri import file_uri
from tests.helpers.s3 import KEYS, S3Server, s3_server

_SIZE = 1 << 30


def _ignore(_: object) -> None:
    pass


def _fetch(source: Source, path: str) -> None:
    Fetch(source=source, known=source.describe(), path=path, most_bytes=_SIZE * 2).whole()


def _ours_down(server: S3Server, path: str) -> None:
    _fetch(S3Source(uri="s3://media/big", endpoint=server.endpoint), path)


def _http_down(server: S3Server, path: str) -> None:
    web = Web(guard=Guard(allows_private=True))
    _fetch(HttpSource(url=server.presigned("big"), web=web), path)


def _theirs_down(server: S3Server, path: str) -> None:
    server.api.download_file("media", "big", path)  # what `aws s3 cp` does


def _ours_up(server: S3Server, path: str) -> None:
    publication = S3Publication(target=S3Object(uri="s3://media/up", endpoint=server.endpoint))
    publication.stage(path, _ignore, _ignore)
    publication.reveal()


def _theirs_up(server: S3Server, path: str) -> None:
    server.api.upload_file(path, "media", "up")


def _ours_copy(server: S3Server, path: str) -> None:
    target = Path("/dev/shm", f"bench-{os.getpid()}")  # another file system, so it is a copy
    publication = local.plan_publication(file_uri(str(target)), "x", ["/dev/shm"])
    publication.stage(path, _ignore, _ignore)
    publication.reveal()
    target.unlink()


def _cp(server: S3Server, path: str) -> None:
    target = f"/dev/shm/bench-{os.getpid()}"
    subprocess.run(["cp", path, target], check=True)
    os.unlink(target)


_WORK: dict[str, Callable[[S3Server, str], None]] = {
    f.__name__: f
    for f in (_ours_down, _http_down, _theirs_down, _ours_up, _theirs_up, _ours_copy, _cp)
}


def _alone(name: str, server: S3Server, path: Path) -> tuple[float, int]:
    """Seconds and peak bytes of a transfer in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.transfers", name, server.endpoint, str(path)],
        env={**os.environ, **KEYS}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def compare() -> list[tuple[str, float, int]]:
    """Name, throughput against the tool's, peak bytes."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        s3_server("nanio", Path(folder)) as server,
    ):
        big = Path(folder, "big")
        with open(big, "wb") as file:
            for _ in range(_SIZE >> 20):
                file.write(os.urandom(1 << 20))
        server.api.upload_file(str(big), "media", "big")
        found = []
        for ours, theirs in (
            ("_ours_down", "_theirs_down"),
            ("_http_down", "_theirs_down"),
            ("_ours_up", "_theirs_up"),
            ("_ours_copy", "_cp"),
        ):
            ratios, peaks = [], []
            for _ in range(3):
                path = big if ours in ("_ours_up",) else Path(folder, "moved")
                if ours == "_ours_copy":
                    subprocess.run(["cp", str(big), str(path)], check=True)
                own_s, peak = _alone(ours, server, path)
                if ours == "_ours_copy":
                    subprocess.run(["cp", str(big), str(path)], check=True)
                other_s, _ = _alone(theirs, server, path)
                ratios.append(other_s / own_s)
                peaks.append(peak)
            found.append((ours.strip("_").replace("_", " "), sorted(ratios)[1], max(peaks)))
        return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        name, endpoint, path = sys.argv[1:]
        server = S3Server(endpoint=endpoint, kind="nanio")
        began = time.perf_counter()
        _WORK[name](server, path)
        took = time.perf_counter() - began
        print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
    else:
        for name, ratio, peak in compare():
            print(f"{name:<12} {ratio:5.2f} x of the tool's throughput, {peak >> 20} MiB at most")
