"""Learn what work costs on this installation from what finished attempts took."""

from collections.abc import Mapping
from typing import Any

from app.store import costs
from app.store.session import transaction
from operators.contract import Estimates
from planner.calibration import Sample, learn
from planner.cost_table import TABLE
from planner.plan import Work

_AT_A_TIME = 20
"""New attempts that are worth learning from again."""
_MEMORY = 1000
"""Attempts that are remembered: hardware and content change."""


def learn_costs() -> int:
    """Learn anew where enough is new; the number of classes of work that are known then."""
    with transaction() as session:
        if costs.count_new(session) < _AT_A_TIME:
            return 0
        attempts = costs.latest(session, _MEMORY)
    factors = learn([_sample(usage, wall_ms) for usage, wall_ms in attempts], TABLE)
    with transaction() as session:
        costs.keep(session, factors)
    return len(factors)


def usage_of(work: Work, cpu_ms: int, peak_memory_bytes: int, output_bytes: int) -> dict[str, Any]:
    """What is kept with a finished attempt."""
    return {
        "work": {name: amount.to_json() for name, amount in work.items()},
        "cpu_ms": cpu_ms,
        "peak_memory_bytes": peak_memory_bytes,
        "output_bytes": output_bytes,
    }


def _sample(usage: Mapping[str, Any], wall_ms: float) -> Sample:
    work: Work = {name: Estimates(**amount) for name, amount in usage["work"].items()}
    used = Estimates(
        cpu_ms=usage["cpu_ms"],
        wall_ms=round(wall_ms),
        peak_memory_bytes=usage["peak_memory_bytes"],
        output_bytes=usage["output_bytes"],
    )
    return Sample(work=work, used=used)
