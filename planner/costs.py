"""From amounts of work to estimates: by how much first estimates are off, for every class of work.

Two layers of factors lie over the first estimates of `planner.work`: the table that was measured on
this code (`planner.cost_table`, made by `make calibrate`), and what finished attempts of this
installation taught (`planner.calibration`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from planner.plan import StepEstimates, Work

METRICS = ("cpu_ms", "wall_ms", "peak_memory_bytes", "output_bytes")
_SIZES = ("sound", "tiny", "sd", "hd", "fhd", "uhd")
_SURE = 0.3
"""Of an estimate: how much more nine runs of ten stay below, where nothing was learnt yet."""


@dataclass(frozen=True, kw_only=True)
class Factor:
    """What the first estimate of a class is multiplied by; `wall_p90` so that nine of ten runs
    take less. `samples`: how many attempts it was learnt from, 0 of the table."""

    cpu_ms: float = 1.0
    wall_ms: float = 1.0
    peak_memory_bytes: float = 1.0
    output_bytes: float = 1.0
    wall_p90: float = 1.0 + _SURE
    samples: int = 0


def measured(cpu: float, wall: float, memory: float, output: float, p90: float) -> Factor:
    """A row of the table."""
    return Factor(
        cpu_ms=cpu, wall_ms=wall, peak_memory_bytes=memory, output_bytes=output, wall_p90=p90
    )


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Factors by class of work. What is missing is taken from the class that is most alike, at
    last from `*`, which stands for all."""

    factors: Mapping[str, Factor] = field(default_factory=dict)

    def of(self, name: str) -> Factor:
        found = self.factors.get(name) or self._alike.get(name)
        if found is None:
            found = self._alike[name] = self._nearest(name)
        return found

    @cached_property
    def _alike(self) -> dict[str, Factor]:
        return {}

    def _nearest(self, name: str) -> Factor:
        ranked = [(rank, other) for other in self.factors if (rank := _distance(name, other))]
        if not ranked:
            return self.factors.get("*", Factor())
        return self.factors[min(ranked)[1]]


def _distance(name: str, other: str) -> tuple[int, int] | None:
    """How unlike two classes are: first preset, then size; None where they do not compare."""
    one, two = name.split("/"), other.split("/")
    if len(one) != len(two) or one[: max(1, len(one) - 2)] != two[: max(1, len(one) - 2)]:
        return None
    if len(one) == 3 and one[1] != two[1]:
        return None  # another decoder
    return int(len(one) > 3 and one[-2] != two[-2]), abs(_place(one[-1]) - _place(two[-1])) + 1


def _place(size: str) -> int:
    return _SIZES.index(size) if size in _SIZES else 0


def estimate(work: Work, table: Costs, learnt: Costs) -> StepEstimates:
    """What a command costs."""
    sums = dict.fromkeys(METRICS, 0.0)
    disk = p90 = longest = 0.0
    samples = 0
    for name, amount in work.items():
        known, taught = table.of(name), learnt.of(name)
        for metric in METRICS:
            sums[metric] += (
                getattr(amount, metric) * getattr(known, metric) * getattr(taught, metric)
            )
        is_output = bool(amount.output_bytes)
        disk += amount.disk_bytes * (known.output_bytes * taught.output_bytes if is_output else 1)
        wall = amount.wall_ms * known.wall_ms * taught.wall_ms
        p90 += amount.wall_ms * known.wall_ms * taught.wall_p90
        if wall > longest:
            longest, samples = wall, taught.samples
    rounded = {metric: round(value) for metric, value in sums.items()}
    return StepEstimates(**rounded, disk_bytes=round(disk), wall_p90_ms=round(p90), samples=samples)
