"""Row 4: a gigabyte into another container, and a cut at a keyframe, against `ffmpeg -c copy`."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.bench import Bench, run
from bench.figure import Figure, in_turn, seconds
from tests.helpers.service import Service
from tests.helpers.specs import job, op

_BYTES = 1 << 30
_ROUNDS = 2
_FACTOR, _MORE_S = 1.1, 0.5


def measure(bench: Bench) -> Iterator[Figure]:
    large = bench.folder / "large.mp4"
    film = str(bench.film())
    bench.media.ffmpeg("-stream_loop", "-1", "-i", film, "-c", "copy", "-fs", str(_BYTES), str(large))  # fmt: skip
    out = bench.empty("ours")
    jobs = {"remux": _remux(large, out), "cut": _cut(large, out)}
    with bench.service() as service:
        for name, spec in jobs.items():
            _seconds(service, spec)
            took = in_turn(
                _ROUNDS,
                lambda act: _fresh(bench, act),
                ours=lambda spec=spec: _seconds(service, spec),
                theirs=lambda name=name: seconds(lambda: bench.typed(name)),
                theirs_on_disk=lambda name=name: seconds(lambda: bench.typed(f"{name}-to-disk")),
            )
            yield from _figures(name, took)
    large.unlink()


def _figures(name: str, took: dict[str, list[float]]) -> Iterator[Figure]:
    ours = median(took["ours"])
    for against, what in (("theirs", "-c copy"), ("theirs_on_disk", "-c copy and sync")):
        theirs = median(took[against])
        yield Figure(
            name=f"a gigabyte, {name}, submit to completed, against {what}", value=ours,
            limit=_FACTOR * theirs + _MORE_S, unit="s", shown=f"theirs {theirs:.2f} s", data=took,
        )  # fmt: skip


def _fresh(bench: Bench, act: Callable[[], float]) -> float:
    """Nobody replaces a file, or pays for what others have not written yet."""
    for name in ("ours", "typed"):
        bench.empty(name)
    os.sync()
    return act()


def _seconds(service: Service, spec: dict[str, Any]) -> float:
    """From submit to completed. The checksum follows, and is waited for without being counted."""
    began = time.perf_counter()
    (job,) = run(service, spec)
    took = time.perf_counter() - began
    while service.job(job["job_id"])["outputs"][0]["md5"] is None:
        time.sleep(0.1)
    return took


def _remux(large: Path, out: Path) -> dict[str, Any]:
    return job(large, src=out / "large.mkv")


def _cut(large: Path, out: Path) -> dict[str, Any]:
    return job(large, op("trim", "src", "cut", start=60, mode="keyframe"), cut=out / "cut.mp4")
