"""Row 8: three hundred short jobs, against the time that their FFmpeg and ffprobe alone would take."""

import os
import time
from collections.abc import Iterator

from bench.bench import Bench, quick, run
from bench.cpu import used
from bench.figure import Figure
from tests.helpers.specs import job, op

_JOBS, _WORKERS = 300, 2
_LEAST = 70


def measure(bench: Bench) -> Iterator[Figure]:
    source = bench.media.clip("brief.mp4", seconds=2, size="854x480", extra=("-c:a", "aac"))
    out = bench.empty("ours")
    specs = [
        job(source, op("scale", "src", "s", width=640), s=quick(out / f"{number}.mp4"))
        for number in range(_JOBS)
    ]
    with bench.service(workers=_WORKERS, MEDIA_SLOTS="1") as service:
        run(service, *specs[:_WORKERS])
        pids = service.pids("celery", "media")
        before, began = used(pids), time.perf_counter()
        run(service, *specs)
        took, spent = time.perf_counter() - began, used(pids).since(before)
    bound = spent.children / min(_WORKERS, os.cpu_count() or 1)
    yield Figure(
        name=f"{_JOBS} short jobs, of the rate that FFmpeg alone allows", value=100 * bound / took,
        limit=_LEAST, unit="%", is_most=False,
        shown=f"{_JOBS / took:.1f} jobs a second; {1000 * spent.children / _JOBS:.0f} ms of FFmpeg and ffprobe in media workers each",
        data={"seconds": took, "commands_s": spent.children, "workers_s": spent.own},
    )  # fmt: skip
