"""One job three ways: as we run it, as many typed commands, and as the one that an expert would type."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bench.bench import Bench, run
from bench.figure import Figure, ratio, seconds
from tests.helpers.service import Service

_ROUNDS = 3
_SLOW_ROUNDS = 1
_OWN_COST = 1.03


def three_ways(
    bench: Bench, name: str, spec: dict[str, Any], *, slow: str, fast: str, times: float
) -> Iterator[Figure]:
    """The whole job against `slow`, and its steps, from claim to settled, against `fast`."""
    found: dict[str, list[float]] = {"job": [], "steps": [], slow: [], fast: []}
    with bench.service() as service:
        run(service, spec)  # workers have seen their FFmpeg
        for round_ in range(_ROUNDS):
            found["job"].append(seconds(lambda: found["steps"].append(_steps_s(service, spec))))
            found[fast].append(seconds(lambda: bench.typed(fast)))
            if round_ < _SLOW_ROUNDS:
                found[slow].append(seconds(lambda: bench.typed(slow)))
    yield Figure(
        name=f"{name}, against commands with files between: faster", value=ratio(found[slow], found["job"][:_SLOW_ROUNDS]),
        limit=times, unit="×", is_most=False, data=found,
    )  # fmt: skip
    yield Figure(
        name=f"{name}, steps against the command of an expert", value=ratio(found["steps"], found[fast]),
        limit=_OWN_COST, unit="×", data=found,
    )  # fmt: skip


def _steps_s(service: Service, spec: dict[str, Any]) -> float:
    """Run a job; how long its attempts took together."""
    (job,) = run(service, spec)
    steps = service.get(f"/v1/jobs/{job['job_id']}/steps")["data"]
    return sum(_moment(a, "completed_at") - _moment(a, "started_at") for s in steps for a in s["attempts"])  # fmt: skip


def _moment(attempt: dict[str, Any], name: str) -> float:
    return datetime.fromisoformat(attempt[name]).timestamp()
