"""Steps: one command or one transfer each, in an order in which they could run, with what they wait for.

A group of nodes becomes one step; before it come the measurements that its filters need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from operators.capabilities import PacketJoin
from planner import transfers
from planner.binder import Names
from planner.draft import Draft, Group
from planner.estimate import Estimator
from planner.lower import Command, lower, lower_measure, measured_by
from planner.plan import FetchStep, FFmpegStep, MeasureStep, Step, UploadStep, Work
from planner.wiring import Wire


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """A command that is to be lowered: a group, or one measurement for a group."""

    step_id: str
    group: Group
    measure: Wire | None = None


def make_steps(draft: Draft, threads: int, estimator: Estimator) -> tuple[Step, ...]:
    """Number, lower and connect all steps."""
    draft = _working(draft)
    made = _Made(draft=draft, estimator=estimator)

    fetched: dict[str, str] = {}
    for fetch in transfers.fetches(draft):
        fetched |= dict.fromkeys(fetch.inputs, made.add_fetch(fetch))

    units = _units(draft, first=len(made.steps) + 1)
    names = _names(units)
    for unit in units:
        made.add_command(unit, _lowered(draft, unit, names, threads), fetched)

    for upload in transfers.uploads(draft, names.groups):
        made.add_upload(upload)
    return tuple(made.steps.values())


def _lowered(draft: Draft, unit: _Unit, names: Names, threads: int) -> Command:
    if unit.measure is None:
        return lower(draft, unit.group, names, threads)
    return lower_measure(draft, unit.group, unit.measure, names, unit.step_id)


@dataclass(kw_only=True)
class _Made:
    """The steps so far, by id."""

    draft: Draft
    estimator: Estimator
    steps: dict[str, Step] = field(default_factory=dict)

    def add_fetch(self, fetch: transfers.Fetch) -> str:
        common = self._common(self._next_id, fetch.nodes, (), fetch.reason, fetch.work)
        step = FetchStep(**common, input=fetch.inputs[0], part=fetch.part)
        return self._add(step)

    def add_command(self, unit: _Unit, command: Command, fetched: Mapping[str, str]) -> str:
        waits = [fetched[name] for name in command.inputs if name in fetched]
        depends_on = tuple(dict.fromkeys([*waits, *command.depends_on]))
        written: dict[str, Any] = {
            "command": command.argv,
            "filtergraph": command.filtergraph,
            "files": command.files,
        }
        if unit.measure is None:
            nodes, reason = unit.group.nodes, _reason(self.draft, unit.group)
            common = self._common(unit.step_id, nodes, depends_on, reason, command.work)
            return self._add(FFmpegStep(**common, **written))

        node = unit.measure.node
        reason = f"{node} must measure its input before it can change it"
        common = self._common(unit.step_id, [node], depends_on, reason, command.work)
        return self._add(MeasureStep(**common, **written, measures=node))

    def add_upload(self, upload: transfers.Upload) -> str:
        depends_on = (upload.from_step,)
        common = self._common(self._next_id, [upload.node], depends_on, upload.reason, upload.work)
        step = UploadStep(**common, output=upload.output, from_step=upload.from_step)
        return self._add(step)

    @property
    def _next_id(self) -> str:
        return f"s{len(self.steps) + 1}"

    def _common(
        self,
        step_id: str,
        nodes: Sequence[str],
        depends_on: tuple[str, ...],
        reason: str,
        work: Work,
    ) -> dict[str, Any]:
        return {
            "step_id": step_id,
            "stage": 1 + max((self.steps[name].stage for name in depends_on), default=-1),
            "nodes": _in_order(self.draft, nodes),
            "depends_on": depends_on,
            "reason": reason,
            "work": work,
            "estimates": self.estimator.of(work),
        }

    def _add(self, step: Step) -> str:
        self.steps[step.step_id] = step
        return step.step_id


def _reason(draft: Draft, group: Group) -> str:
    """Why the step exists, and what operations chose for the media that they get."""
    choices: list[str] = []
    for name in _in_order(draft, group.nodes):
        operation = draft.graph.operations.get(name)
        operator = operation and operation.spec.operator
        if isinstance(operator, PacketJoin):
            choices.append(operator.choice([s.info for s in draft.inferred.sources[name]]))
    return "; ".join([group.reason, *choices])


def _units(draft: Draft, first: int) -> list[_Unit]:
    """Commands in order, numbered from `first`; what several groups need measured is measured once."""
    units: list[_Unit] = []
    known: set[tuple[str, int]] = set()

    def add(group: Group, measure: Wire | None = None) -> None:
        units.append(_Unit(step_id=f"s{first + len(units)}", group=group, measure=measure))

    for group in draft.groups:
        needed = measured_by(draft, group) - known
        known |= needed
        for measure in draft.measures:
            if (measure.node, measure.outputs[0].index) in needed:
                add(group, measure)
        add(group)
    return units


def _names(units: Sequence[_Unit]) -> Names:
    groups: dict[str, str] = {}
    measures: dict[tuple[str, int], str] = {}
    for unit in units:
        if unit.measure is None:
            for node in unit.group.nodes:
                groups.setdefault(node, unit.step_id)
        else:
            measures[unit.measure.node, unit.measure.outputs[0].index] = unit.step_id
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
