"""Learn from finished attempts by how much estimates are off, class of work by class of work.

An attempt tells only what all its work took together. So the factors of all classes are moved
together until the median attempt of each class is estimated right: every round multiplies a class by
the weighted median of (measured / estimated) over the attempts that it has a part in, weighted by
that part. Medians keep one odd attempt from mattering.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from operators.contract import Estimates
from planner.costs import METRICS, Costs, Factor
from planner.plan import Work

_ROUNDS = 30
_STEP = 0.7
"""How far a round goes: classes that always come together would else overshoot."""
_LEAST_PART = 0.03
_MOST = 1000.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A finished attempt: what it had to do, and what it took."""

    work: Work
    used: Estimates


def learn(samples: Sequence[Sample], table: Costs) -> dict[str, Factor]:
    """Factors over `table`, by class; `*` is for classes that were never seen."""
    if not samples:
        return {}
    found: dict[str, dict[str, float]] = {}
    for metric in METRICS:
        known = [_known(sample, table, metric) for sample in samples]
        factors, p90 = _fit([parts for parts, _ in known], [used for _, used in known])
        for name, factor in factors.items():
            found.setdefault(name, {})[metric] = factor
            if metric == "wall_ms":
                found[name]["wall_p90"] = p90[name]
    counts = {name: sum(name in sample.work for sample in samples) for name in found}
    counts["*"] = len(samples)
    return {name: Factor(**values, samples=counts[name]) for name, values in found.items()}


def _known(sample: Sample, table: Costs, metric: str) -> tuple[dict[str, float], float]:
    parts = {
        name: getattr(amount, metric) * getattr(table.of(name), metric)
        for name, amount in sample.work.items()
    }
    return {name: part for name, part in parts.items() if part > 0}, getattr(sample.used, metric)


def _fit(
    works: Sequence[Mapping[str, float]], used: Sequence[float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Factors by class, and what nine attempts of ten stay below."""
    pairs = [(work, took) for work, took in zip(works, used, strict=True) if work and took > 0]
    if not pairs:
        return {}, {}
    everything = _quantile([(took / sum(work.values()), 1.0) for work, took in pairs], 0.5)
    factors = dict.fromkeys((name for work, _ in pairs for name in work), everything)
    for _ in range(_ROUNDS):
        for name, ratios in _ratios(pairs, factors).items():
            moved = factors[name] * _quantile(ratios, 0.5) ** _STEP
            factors[name] = min(_MOST, max(1 / _MOST, moved))
    spread = {name: _quantile(ratios, 0.9) for name, ratios in _ratios(pairs, factors).items()}
    p90 = {name: factor * max(1.0, spread.get(name, 1.0)) for name, factor in factors.items()}
    most = max(spread.values(), default=1.0)
    return {**factors, "*": everything}, {**p90, "*": everything * max(1.0, most)}


def _ratios(
    pairs: Sequence[tuple[Mapping[str, float], float]], factors: Mapping[str, float]
) -> dict[str, list[tuple[float, float]]]:
    """By class, measured over estimated of its attempts, each with the class's part in it."""
    found: dict[str, list[tuple[float, float]]] = {}
    for work, took in pairs:
        expected = {name: part * factors[name] for name, part in work.items()}
        whole = sum(expected.values())
        for name, part in expected.items():
            if part / whole >= _LEAST_PART:
                found.setdefault(name, []).append((took / whole, part / whole))
    return found


def _quantile(weighted: Sequence[tuple[float, float]], share: float) -> float:
    """The value below which a share of the weight lies."""
    ordered = sorted(weighted)
    left = share * sum(weight for _, weight in ordered)
    for value, weight in ordered:
        left -= weight
        if left <= 0:
            return value
    return ordered[-1][0]
