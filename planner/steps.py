"""Steps: one command or one transfer each, in an order in which they could run, with what they wait for.

A group of nodes becomes one step; before it come the measurements that its filters need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from planner import transfers
from planner.binder import Names
from planner.costs import StepEstimates
from planner.draft import Draft, Group
from planner.estimate import Estimator
from planner.lower import Command, lower, lower_measure, measured_by
from planner.spec import OperationSpec
from planner.wiring import Wire
from planner.work import Work


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one Celery task executes. `argv` is exact but for the tokens of `planner.lower`.

    `files`: by name, a text; or where it is made from inputs `{"concat": [{"input", "duration"}]}`,
    `{"captions": id, "width", "height", "style"}`. `measures`: the operation whose first pass it is.
    """

    step_id: str
    kind: str
    stage: int
    nodes: tuple[str, ...]
    depends_on: tuple[str, ...]
    argv: tuple[str, ...]
    filtergraph: str | None
    files: Mapping[str, Any]
    measures: str | None
    reason: str
    work: Work
    """What estimates are made from, and what a finished attempt is compared with."""
    estimates: StepEstimates


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """A step before it is numbered: a group, or one measurement for a group."""

    group: Group
    measure: Wire | None = None


def make_steps(draft: Draft, threads: int, estimator: Estimator) -> tuple[Step, ...]:
    """Number, lower and connect all steps."""
    draft = _working(draft)
    made = _Made(draft=draft, estimator=estimator)
    fetched: dict[str, str] = {}
    for fetch in transfers.fetches(draft):
        fetched |= dict.fromkeys(fetch.inputs, made.add_transfer(fetch, ()))
    units = _units(draft)
    names = _names(units, len(made.steps) + 1)
    for unit in units:
        step_id = made.next_id
        command = (
            lower(draft, unit.group, names, draft.crossing, threads)
            if unit.measure is None
            else lower_measure(draft, unit.group, unit.measure, names, draft.crossing, step_id)
        )
        waits = [fetched[name] for name in command.inputs if name in fetched]
        made.add_command(unit, command, waits)
    for step_id, sent in transfers.uploads(draft, names.groups).items():
        for upload in sent:
            made.add_transfer(upload, (step_id,))
    return tuple(made.steps.values())


@dataclass(kw_only=True)
class _Made:
    """The steps so far, by id."""

    draft: Draft
    estimator: Estimator
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def next_id(self) -> str:
        return f"s{len(self.steps) + 1}"

    def add_transfer(self, moved: transfers.Transfer, depends_on: tuple[str, ...]) -> str:
        return self._add(
            kind="transfer",
            nodes=[node.id for node in moved.nodes],
            depends_on=depends_on,
            argv=moved.argv,
            reason=moved.reason,
            work=moved.work,
        )

    def add_command(self, unit: _Unit, command: Command, waits: Sequence[str]) -> str:
        nodes, reason = unit.group.nodes, unit.group.reason
        if unit.measure:
            nodes = (unit.measure.node,)
            reason = f"{unit.measure.node} must measure its input before it can change it"
        else:
            reason = "; ".join([reason, *_choices(self.draft, unit.group)])
        return self._add(
            kind="ffmpeg",
            nodes=nodes,
            depends_on=tuple(dict.fromkeys([*waits, *command.depends_on])),
            argv=command.argv,
            filtergraph=command.filtergraph,
            files=command.files,
            measures=unit.measure.node if unit.measure else None,
            reason=reason,
            work=command.work,
        )

    def _add(
        self, *, nodes: Sequence[str], depends_on: tuple[str, ...], work: Work, **given: Any
    ) -> str:
        rest = {"filtergraph": None, "files": {}, "measures": None, **given}
        step = Step(
            step_id=self.next_id,
            stage=1 + max((self.steps[name].stage for name in depends_on), default=-1),
            nodes=_in_order(self.draft, nodes),
            depends_on=depends_on,
            work=work,
            estimates=self.estimator.of(work),
            **rest,
        )
        self.steps[step.step_id] = step
        return step.step_id


def _choices(draft: Draft, group: Group) -> list[str]:
    found = []
    for name in _in_order(draft, group.nodes):
        spec = draft.graph.by_id[name].spec
        if isinstance(spec, OperationSpec):
            sources = [selection.info for selection in draft.inferred.sources[name]]
            found.append(spec.operator.choice(sources))
    return [choice for choice in found if choice]


def _units(draft: Draft) -> list[_Unit]:
    """Steps in order; what several groups need measured is measured once."""
    units: list[_Unit] = []
    known: set[tuple[str, int]] = set()
    for group in draft.groups:
        needed = measured_by(draft, group) - known
        known |= needed
        units += [
            _Unit(group=group, measure=measure)
            for measure in draft.measures
            if (measure.node, measure.outputs[0].index) in needed
        ]
        units.append(_Unit(group=group))
    return units


def _names(units: Sequence[_Unit], first: int) -> Names:
    groups: dict[str, str] = {}
    measures: dict[tuple[str, int], str] = {}
    for number, unit in enumerate(units, first):
        if unit.measure is None:
            for node in unit.group.nodes:
                groups.setdefault(node, f"s{number}")
        else:
            measures[unit.measure.node, unit.measure.outputs[0].index] = f"s{number}"
    return Names(groups=groups, measures=measures)


def _working(draft: Draft) -> Draft:
    """Less the groups that write nothing: an operation whose tracks nobody takes is no step, nor
    is then what only that one read."""
    while True:
        kept = tuple(
            group
            for group in draft.groups
            if any(node in draft.outputs or node in draft.crossing for node in group.nodes)
        )
        if len(kept) == len(draft.groups):
            return draft
        draft = replace(draft, groups=kept)


def _in_order(draft: Draft, nodes: Sequence[str]) -> tuple[str, ...]:
    inside = set(nodes)
    return tuple(name for name in draft.graph.order if name in inside)
