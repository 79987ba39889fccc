"""Steps: one command each, in an order in which they could run, with what they wait for.

A group of nodes becomes one step; before it come the measurements that its filters need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
    units = _units(draft)
    names = _names(units)
    intermediates = draft.crossing
    steps: dict[str, Step] = {}
    for number, unit in enumerate(units, 1):
        step_id = f"s{number}"
        command = (
            lower(draft, unit.group, names, intermediates, threads)
            if unit.measure is None
            else lower_measure(draft, unit.group, unit.measure, names, intermediates, step_id)
        )
        stage = 1 + max((steps[name].stage for name in command.depends_on), default=-1)
        steps[step_id] = _step(draft, unit, step_id, stage, command, estimator)
    return tuple(steps.values())


def _step(
    draft: Draft,
    unit: _Unit,
    step_id: str,
    stage: int,
    command: Command,
    estimator: Estimator,
) -> Step:
    group, measured = unit.group, unit.measure.node if unit.measure else None
    if measured:
        reason = f"{measured} must measure its input before it can change it"
        group = Group(nodes=(measured,), reason=reason)
    return Step(
        step_id=step_id,
        kind="ffmpeg",
        stage=stage,
        nodes=_in_order(draft, group.nodes),
        depends_on=command.depends_on,
        argv=command.argv,
        filtergraph=command.filtergraph,
        files=command.files,
        measures=measured,
        reason="; ".join([group.reason, *_choices(draft, group)]) if not measured else group.reason,
        work=command.work,
        estimates=estimator.of(command.work),
    )


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


def _names(units: Sequence[_Unit]) -> Names:
    groups: dict[str, str] = {}
    measures: dict[tuple[str, int], str] = {}
    for number, unit in enumerate(units, 1):
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
