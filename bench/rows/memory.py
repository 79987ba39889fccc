"""Row 14: memory of API and workers, after few jobs and after two thousand: eight hours of a small team."""

from collections.abc import Iterator
from typing import Any

from bench.bench import Bench
from bench.cpu import private_bytes
from bench.figure import Figure
from tests.helpers.service import Service
from tests.helpers.specs import job

_WARM, _JOBS, _AT_ONCE = 200, 2000, 40
_MOST = 5
_PROCESSES = {
    "API": ("gunicorn",),
    "worker": ("celery", "media1@"),
    "control": ("celery", "control@"),
}


def measure(bench: Bench) -> Iterator[Figure]:
    bench.media.sound("blip.wav", "sine=frequency=440:duration=0.2")
    bench.empty("ours")
    with bench.service() as service:
        _soak(bench, service, range(_WARM))
        begun = _memory(service)
        _soak(bench, service, range(_WARM, _JOBS))
        ended = _memory(service)
    for name, before in begun.items():
        yield Figure(
            name=f"memory of {name} after {_JOBS} jobs, more than after {_WARM}", value=100 * (ended[name] / before - 1),
            limit=_MOST, unit="%", shown=f"{before / 2**20:.0f} MiB, then {ended[name] / 2**20:.0f} MiB",
            data={"before": before, "after": ended[name]},
        )  # fmt: skip


def _memory(service: Service) -> dict[str, int]:
    return {name: private_bytes(service.pids(*words)) for name, words in _PROCESSES.items()}


def _soak(bench: Bench, service: Service, numbers: range) -> None:
    """What a day brings: half of the jobs complete, a quarter is cancelled, a quarter cannot be read."""
    for start in range(numbers.start, numbers.stop, _AT_ONCE):
        ids = []
        for number in range(start, start + _AT_ONCE):
            ids.append(service.submit(_spec(bench, number))["job_id"])
            if number % 4 == 1:
                service.client.delete(f"/v1/jobs/{ids[-1]}")
        for job_id in ids:
            service.wait(job_id, poll_s=0.2)
        service.get("/v1/jobs?limit=100")


def _spec(bench: Bench, number: int) -> dict[str, Any]:
    name = "missing.wav" if number % 4 == 3 else "blip.wav"
    return job(bench.folder / name, src=bench.folder / "ours" / f"{number % 100}.wav")
