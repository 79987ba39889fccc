"""Give the branches of a fork commands of their own, where several workers would be done sooner than
one with one decode. Each command does again what the branches share, so all write the same as one.

One command keeps the cores of one machine busy. Apart, the branches use those of all machines, at the
price of decoding more often. `auto` takes that where it saves a third of the time, at least ten
seconds, and costs at most a third more CPU. Estimates here are the table's alone: a plan must not
change with what was learnt yesterday.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from planner.draft import Draft, Fleet, Group
from planner.estimate import Estimator

_CORES_AN_ENCODE = 4
"""Cores that decoding, filtering and encoding one output can use."""

Parts = Sequence[Sequence[str]]
"""Outputs, by the command that writes them."""


@dataclass(frozen=True, kw_only=True)
class SplitForks:
    """Split every group of several outputs that is better off apart."""

    name: ClassVar[str] = "split_forks"
    least_saved_ms: int = 10_000
    most_of_time: float = 2 / 3
    """Of one command's: what commands side by side may take at most."""
    most_of_cpu: float = 4 / 3

    def __call__(self, draft: Draft) -> Draft:
        if draft.fleet.forks == "together" or (
            draft.fleet.forks == "auto" and draft.fleet.slots < 2
        ):
            return draft
        costs = {name: cost.cpu_ms for name, cost in Estimator().of_nodes(draft).items()}
        return replace(
            draft,
            groups=tuple(
                part for group in draft.groups for part in self._split(draft, group, costs)
            ),
        )

    def _split(self, draft: Draft, group: Group, costs: Mapping[str, int]) -> list[Group]:
        outputs = [name for name in group.nodes if name in draft.outputs]
        if len(outputs) < 2 or group.is_part:
            return [group]
        needs = {name: draft.closure(name) for name in outputs}
        parts = (
            [[name] for name in outputs]
            if draft.fleet.forks == "apart"
            else self._best(draft.fleet, outputs, needs, costs)
        )
        if len(parts) < 2:
            return [group]
        return [_part(draft, group, part, len(parts), needs) for part in parts]

    def _best(
        self,
        fleet: Fleet,
        outputs: Sequence[str],
        needs: Mapping[str, frozenset[str]],
        costs: Mapping[str, int],
    ) -> Parts:
        """The parts that are done soonest; one part where splitting is not worth it."""
        whole: Parts = [outputs]
        together_ms, cpu_ms = _wall_and_cpu(fleet, whole, needs, costs)
        best, best_ms = whole, together_ms
        for count in range(2, min(len(outputs), fleet.slots) + 1):
            parts = _spread(outputs, count, needs, costs)
            wall_ms, spent_ms = _wall_and_cpu(fleet, parts, needs, costs)
            is_worth_it = (
                wall_ms <= together_ms * self.most_of_time
                and together_ms - wall_ms >= self.least_saved_ms
                and spent_ms <= cpu_ms * self.most_of_cpu
            )
            if is_worth_it and wall_ms < best_ms:
                best, best_ms = parts, wall_ms
        return best


def _wall_and_cpu(
    fleet: Fleet, parts: Parts, needs: Mapping[str, frozenset[str]], costs: Mapping[str, int]
) -> tuple[float, int]:
    """How long parts take on the fleet, and how much CPU."""
    loads = [sum(costs[name] for name in _union(part, needs)) for part in parts]
    busy = [min(fleet.cores, _CORES_AN_ENCODE * len(part)) for part in parts]
    slowest = max(load / cores for load, cores in zip(loads, busy, strict=True))
    return max(slowest, sum(loads) / max(fleet.slots, fleet.cores)), sum(loads)


def _spread(
    outputs: Sequence[str],
    count: int,
    needs: Mapping[str, frozenset[str]],
    costs: Mapping[str, int],
) -> Parts:
    """The outputs over `count` parts, the dearest first, each to the part with least to do."""
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0] * count
    price = {name: sum(costs[node] for node in needs[name]) for name in outputs}
    for name in sorted(outputs, key=lambda name: (-price[name], outputs.index(name))):
        place = loads.index(min(loads))
        parts[place].append(name)
        loads[place] = sum(costs[node] for node in _union(parts[place], needs))
    return [sorted(part, key=outputs.index) for part in parts if part]


def _union(part: Sequence[str], needs: Mapping[str, frozenset[str]]) -> set[str]:
    return set[str]().union(*(needs[name] for name in part))


def _part(
    draft: Draft,
    group: Group,
    part: Sequence[str],
    count: int,
    needs: Mapping[str, frozenset[str]],
) -> Group:
    inside = _union(part, needs)
    many = f"{len(part)} outputs" if len(part) > 1 else "1 output"
    return Group(
        nodes=tuple(name for name in group.nodes if name in inside),
        reason=f"{many} in one of {count} commands that run side by side, each with a decode of its own",
        is_part=True,
    )
