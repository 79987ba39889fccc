"""What this process counts for Prometheus. Gauges of what is there now are in `app.services.metrics`.

Several processes count into one folder (PROMETHEUS_MULTIPROC_DIR, set before this is imported);
without it a process counts for itself. No label holds what users can make up: no tenants, hosts,
names or paths, so the number of series is bounded.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_DIR = "PROMETHEUS_MULTIPROC_DIR"
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_WORK_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"media_pipeline_{name}", text, labels)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"media_pipeline_{name}_seconds", text, labels, buckets=buckets)


http_requests = _counter("http_requests", "Requests answered", "method", "route", "status")
http_request = _histogram(
    "http_request", "Time to an answer's first byte", "method", "route", buckets=_REQUEST_S
)

jobs_submitted = _counter("jobs_submitted", "Jobs accepted")
jobs_ended = _counter("jobs_ended", "Jobs that came to an end", "status")
job_failures = _counter("job_failures", "Jobs that failed", "code")
job_wait = _histogram(
    "job_wait", "From submission, or retry, to admission to the workers", buckets=_WORK_S
)
job_duration = _histogram("job", "From submission, or retry, to the end", "status", buckets=_WORK_S)

step_attempts = _counter("step_attempts", "Attempts of steps that ended", "kind", "status")
step_retries = _counter("step_retries", "Failed attempts that are made again", "kind", "code")
step_duration = _histogram("step", "Attempts that completed", "kind", buckets=_WORK_S)

ffmpeg_runs = _counter("ffmpeg_runs", "Commands of steps that FFmpeg ran", "outcome")
ffmpeg_errors = _counter("ffmpeg_errors", "FFmpeg runs that failed, by what was wrong", "code")
ffmpeg_run = _histogram("ffmpeg_run", "Wall time of FFmpeg's runs", buckets=_WORK_S)
ffmpeg_cpu = _counter("ffmpeg_cpu_seconds", "CPU time of FFmpeg's runs")
ffmpeg_media = _counter("ffmpeg_media_seconds", "Media time that FFmpeg wrote")

transferred = _counter("transferred_bytes", "Bytes that transfer steps moved", "direction")

webhook_tries = _counter("webhook_tries", "Webhooks tried", "outcome")
webhook_try = _histogram("webhook_try", "How long a try took", buckets=_REQUEST_S)

messages_unsent = _counter("messages_unsent", "Messages that the broker did not take", "task")
workers_lost = _counter("workers_lost", "Workers that fell silent")
sweeps = _counter("sweeps", "Sweeps that ran")
sweep_repairs = _counter("sweep_repairs", "What sweeps put right", "part")
sweep_faults = _counter("sweep_faults", "Parts of sweeps that failed", "part")


@contextmanager
def registry(*more: Collector) -> Iterator[CollectorRegistry]:
    """All that was counted, and what `more` finds; to be rendered within the block."""
    found = CollectorRegistry(auto_describe=False)
    for collector in more:
        found.register(collector)
    folder = os.environ.get(_DIR)
    if not folder:
        found.register(REGISTRY)
        yield found
        return
    with open(Path(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _fold(Path(folder))
        MultiProcessCollector(found, folder)
        yield found


def _fold(folder: Path) -> None:
    """Add the counts of ended processes to one file a kind: pool children come and go, and
    forgetting them would make counters fall."""
    for kind in ("counter", "histogram"):
        dead = [file for file in folder.glob(f"{kind}_*.db") if _is_dead(file)]
        if not dead:
            continue
        total = MmapedDict(str(folder / f"{kind}_ended.db"))
        for file in dead:
            for key, value, stamp, _ in MmapedDict.read_all_values_from_file(str(file)):
                total.write_value(key, total.read_value(key)[0] + value, stamp)
            file.unlink()
        total.close()


def _is_dead(file: Path) -> bool:
    pid = file.stem.partition("_")[2]
    return pid.isdigit() and not os.path.isdir(f"/proc/{pid}")
