"""Row 7: the CPU that a step costs beside its FFmpeg: claim, attempt, events, verification, publication."""

from collections.abc import Iterator
from typing import Any

from bench import chord
from bench.bench import Bench, run
from bench.cpu import used
from bench.figure import Figure
from tests.helpers.service import Service
from tests.helpers.specs import job, op

_WIDTH = 10
"""Steps of a job that may run at once."""
_JOBS = 10
_MOST_MS = 20


def measure(bench: Bench) -> Iterator[Figure]:
    bench.media.sound("blip.wav", "sine=frequency=440:duration=1")
    with bench.service(PLAN_FORKS="apart") as service:
        run(service, _job(bench, 0))  # every process has done its part once
        pids = service.pids("celery")
        before, steps_before = used(pids), _steps(service)
        run(service, *(_job(bench, number) for number in range(1, _JOBS + 1)))
        spent, steps = used(pids).since(before), _steps(service) - steps_before
    plain_ms = chord.cpu_ms_a_task(bench.folder, _WIDTH, _JOBS)
    yield Figure(
        name="CPU of all workers a step, without FFmpeg and ffprobe", value=1000 * spent.own / steps,
        limit=_MOST_MS, unit="ms", shown=f"a task of a bare Celery chord {plain_ms:.1f} ms",
        data={"steps": steps, "workers_s": spent.own, "commands_s": spent.children, "chord_ms": plain_ms},
    )  # fmt: skip


def _job(bench: Bench, number: int) -> dict[str, Any]:
    """Ten cuts of a second of sound: a step each, and none waits for another."""
    names = [f"t{n}" for n in range(_WIDTH)]
    return job(
        bench.folder / "blip.wav",
        *(op("trim", "src", name, start=n / 20) for n, name in enumerate(names)),
        **{name: bench.folder / "ours" / f"{number}-{name}.wav" for name in names},
    )


def _steps(service: Service) -> int:
    ((count,),) = service.rows("SELECT count(*) FROM steps WHERE status = 'completed'")
    return int(count)
