"""Estimates of nodes, steps and plans; never part of a plan's identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Protocol

from operators.contract import Estimates
from operators.media import FLOWING
from planner import work
from planner.cost_table import TABLE
from planner.costs import Costs, estimate
from planner.draft import Draft
from planner.graph import Node, Sink, Source
from planner.plan import StepEstimates, Work
from planner.wiring import Track


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """Turns amounts of work into estimates, by the table and by what was learnt."""

    learnt: Costs = field(default_factory=Costs)
    table: Costs = TABLE

    def of(self, amounts: Work) -> StepEstimates:
        return estimate(amounts, self.table, self.learnt)

    def of_nodes(self, draft: Draft) -> dict[str, Estimates]:
        """Cost by node: decoding for inputs, filtering for operations, encoding for outputs."""
        return {node.id: _plain(self.of(_node_work(draft, node))) for node in draft.graph.nodes}


def _plain(known: StepEstimates) -> Estimates:
    return Estimates(**{part.name: getattr(known, part.name) for part in fields(Estimates)})


def _node_work(draft: Draft, node: Node) -> Work:
    if isinstance(node, Source):
        info = draft.inferred.media[node.id]
        tracks = [
            Track(node.id, kind, index)
            for kind in FLOWING
            for index in range(len(info.streams(kind)))
        ]
        return work.merged(work.decoding_work(draft, track, None) for track in tracks)
    if isinstance(node, Sink):
        return work.merged(work.encoding_work(draft.encodings[node.id]))
    return dict([work.operation_work(draft, node.id)])


class Estimated(Protocol):
    @property
    def step_id(self) -> str: ...
    @property
    def depends_on(self) -> tuple[str, ...]: ...
    @property
    def estimates(self) -> StepEstimates: ...


def sum_steps(steps: Sequence[Estimated]) -> StepEstimates:
    """A job's total: CPU and sizes add up, memory is that of the hungriest step, time that of the
    longest way through the steps."""
    whole = work.total(step.estimates for step in steps)
    wall = _longest({s.step_id: s.estimates.wall_ms for s in steps}, steps)
    p90 = _longest({s.step_id: s.estimates.wall_p90_ms for s in steps}, steps)
    plain = {part.name: getattr(whole, part.name) for part in fields(Estimates)}
    return replace(
        StepEstimates(**plain),
        peak_memory_bytes=max((s.estimates.peak_memory_bytes for s in steps), default=0),
        wall_ms=wall,
        wall_p90_ms=p90,
        samples=min((s.estimates.samples for s in steps), default=0),
    )


def _longest(times: Mapping[str, int], steps: Sequence[Estimated]) -> int:
    """The longest way; every step comes after those that it waits for."""
    ends: dict[str, int] = {}
    for step in steps:
        begins = max((ends[name] for name in step.depends_on), default=0)
        ends[step.step_id] = begins + times[step.step_id]
    return max(ends.values(), default=0)
