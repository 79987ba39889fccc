"""What a row of the table says, and how pairs are measured: in turn, and by the median of their ratios."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a row, and what it should reach: `limit` at most, or at least."""

    name: str
    value: float
    limit: float
    unit: str
    is_most: bool = True
    shown: str = ""
    """What the value was made of, in words."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What was measured, for the results and the plots."""

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit if self.is_most else self.value >= self.limit

    @property
    def value_text(self) -> str:
        return _text(self.value, self.unit)

    @property
    def limit_text(self) -> str:
        return f"{'≤' if self.is_most else '≥'} {_text(self.limit, self.unit)}"


def _text(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def seconds(act: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def in_turn(
    rounds: int, measure: Callable[[Callable[[], Any]], float] = seconds, **acts: Callable[[], Any]
) -> dict[str, list[float]]:
    """What `measure` says of each act, A B A B, so that a slow moment of the machine meets both."""
    found: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            found[name].append(measure(act))
    return found


def ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of pairs."""
    return statistics.median(a / b for a, b in zip(some, others, strict=True))


def median_ms(act: Callable[[], object], times: int) -> float:
    return 1000 * statistics.median(seconds(act) for _ in range(times))
