"""ProcessingPlan: what will be done, exactly; made by `make_plan`, the planner's front door."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from operators.contract import Estimates
from operators.media import MediaInfo
from operators.problem import Invalid, Problem
from operators.reading import plain_fields
from planner.draft import Draft, Group, one_group_a_node
from planner.encode import Encoding, Findings, encode
from planner.estimate import estimate_nodes, estimate_step, sum_steps
from planner.graph import Graph, NodeType, build_graph
from planner.infer import Inferred, infer
from planner.lower import crossing_tracks, lower
from planner.passes import optimise
from planner.spec import InputSpec, JobSpec, LimitsSpec, OperationSpec, OutputSpec
from planner.wiring import OutputTrack, Wire, finish, untouched, wire


@dataclass(frozen=True, kw_only=True)
class Options:
    """What else a plan depends on."""

    ffmpeg_version: str
    limits: LimitsSpec = LimitsSpec()
    threads: int = 0
    """FFmpeg threads a command; 0 lets FFmpeg choose."""
    is_optimised: bool = True
    """False: every node a step of its own, with lossless intermediates (for diagnosis)."""


@dataclass(frozen=True, kw_only=True)
class PlanNode:
    id: str
    type: str
    operator: str | None
    params: Mapping[str, Any] | None
    media_info: MediaInfo
    estimates: Estimates


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one Celery task executes. `argv` is exact but for the tokens of `planner.lower`."""

    step_id: str
    kind: str
    stage: int
    nodes: tuple[str, ...]
    depends_on: tuple[str, ...]
    argv: tuple[str, ...]
    filtergraph: str | None
    files: Mapping[str, str]
    reason: str
    estimates: Estimates


@dataclass(frozen=True, kw_only=True)
class ProcessingPlan:
    """Shape on the wire: `to_json`. `plan_id` is a hash of the content, so the same spec and
    media give the same id."""

    plan_id: str
    job_id: str | None
    created_at: str | None
    ffmpeg_version: str
    warnings: tuple[Problem, ...]
    nodes: tuple[PlanNode, ...]
    edges: tuple[Mapping[str, Any], ...]
    execution_order: tuple[str, ...]
    execution_stages: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    estimates: Estimates = field(default_factory=Estimates)

    def to_json(self) -> dict[str, Any]:
        return _plain(self)  # type: ignore[no-any-return]

    def for_job(self, job_id: str, at: datetime) -> "ProcessingPlan":
        """The same plan, as the plan of a job."""
        stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return replace(self, job_id=job_id, created_at=stamp)


def _plain(value: Any) -> Any:
    if hasattr(value, "to_json") and not isinstance(value, ProcessingPlan):
        return value.to_json()
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def make_plan(
    spec: JobSpec,
    probed: Mapping[str, MediaInfo],
    options: Options,
    warnings: Sequence[Problem] = (),
) -> ProcessingPlan:
    """Plan a job. `probed` has the MediaInfo of every input that something needs, by input id.

    Raises: Invalid, with every fault that only the media shows.
    """
    graph = needed_graph(build_graph(spec))
    inferred = infer(graph, probed, options.limits)
    if inferred.problems:
        raise Invalid(inferred.problems)
    draft, said = _draft(graph, probed, inferred)
    if options.is_optimised:
        draft = optimise(draft)
    costs = estimate_nodes(draft)
    steps = _steps(draft, options, costs)
    plan = ProcessingPlan(
        plan_id="",
        job_id=None,
        created_at=None,
        ffmpeg_version=options.ffmpeg_version,
        warnings=(*warnings, *said),
        nodes=tuple(_node(draft, name, costs[name]) for name in (n.id for n in graph.nodes)),
        edges=tuple(
            {
                "from": edge.source,
                "to": edge.target,
                "stream_type": edge.stream_type,
                "input_index": edge.input_index,
            }
            for edge in graph.edges
        ),
        execution_order=graph.order,
        execution_stages=graph.stages,
        steps=steps,
        estimates=sum_steps(steps),
    )
    return replace(plan, plan_id=content_id(plan))


def content_id(plan: ProcessingPlan) -> str:
    """`plan_` and 32 hex digits: SHA-256 of the plan without job, time and estimates."""
    document = plan.to_json()
    for name in ("plan_id", "job_id", "created_at", "estimates"):
        document.pop(name)
    for part in (*document["nodes"], *document["steps"]):
        part.pop("estimates")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "plan_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def needed_graph(graph: Graph) -> Graph:
    """The graph less what no output needs."""
    needed = {node.id for node in graph.of_type(NodeType.OUTPUT)}
    for name in reversed(graph.order):
        if name in needed:
            needed.update(edge.source for edge in graph.into(name))
    return graph.without(node.id for node in graph.nodes if node.id not in needed)


def needed_inputs(spec: JobSpec) -> set[str]:
    """The ids of the inputs that must be probed."""
    kept = {node.id for node in needed_graph(build_graph(spec)).of_type(NodeType.INPUT)}
    return {given.id for given in spec.inputs if f"input_{given.id}" in kept}


def _draft(
    graph: Graph, probed: Mapping[str, MediaInfo], inferred: Inferred
) -> tuple[Draft, list[Problem]]:
    wiring = wire(graph, inferred)
    wires: list[Wire] = list(wiring.wires)
    outputs: dict[str, tuple[OutputTrack, ...]] = {}
    encodings: dict[str, Encoding] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for node in graph.of_type(NodeType.OUTPUT):
        assert isinstance(node.spec, OutputSpec)
        (read,) = wiring.read_by(graph, inferred, node.id)
        (selection,) = inferred.sources[node.id]
        stored = untouched(graph, wiring, probed, read, selection.picked)
        findings = Findings(at=node.at)
        encoding = encode(node.spec, selection, stored, findings)
        problems += findings.problems
        warnings += findings.warnings
        if encoding:
            finishing, tracks = finish(node.id, read, selection.picked, encoding)
            wires += finishing
            outputs[node.id], encodings[node.id] = tuple(tracks), encoding
    if problems:
        raise Invalid(problems)
    draft = Draft(
        graph=graph,
        probed=probed,
        inferred=inferred,
        wires=tuple(wires),
        outputs=outputs,
        encodings=encodings,
        groups=one_group_a_node(graph),
    )
    return draft, warnings


def _steps(draft: Draft, options: Options, costs: Mapping[str, Estimates]) -> tuple[Step, ...]:
    draft = replace(draft, groups=_working_groups(draft))
    names = {node: f"s{i}" for i, group in enumerate(draft.groups, 1) for node in group.nodes}
    intermediates = crossing_tracks(draft, names)
    steps: dict[str, Step] = {}
    for number, group in enumerate(draft.groups, 1):
        command = lower(draft, group, names, intermediates, options.threads)
        depends_on = tuple(dict.fromkeys(names[node] for node in command.reads))
        stage = 1 + max((steps[name].stage for name in depends_on), default=-1)
        steps[f"s{number}"] = Step(
            step_id=f"s{number}",
            kind="ffmpeg",
            stage=stage,
            nodes=_step_nodes(draft, group),
            depends_on=depends_on,
            argv=command.argv,
            filtergraph=command.filtergraph,
            files={},
            reason=group.reason,
            estimates=estimate_step(draft, group, costs),
        )
    return tuple(steps.values())


def _working_groups(draft: Draft) -> tuple[Group, ...]:
    """The groups that write something: an operation whose tracks nobody takes is no step."""
    numbers = {node: str(n) for n, group in enumerate(draft.groups) for node in group.nodes}
    handed_on = crossing_tracks(draft, numbers)
    return tuple(
        group
        for group in draft.groups
        if any(node in draft.outputs or node in handed_on for node in group.nodes)
    )


def _step_nodes(draft: Draft, group: Group) -> tuple[str, ...]:
    inside = set(group.nodes)
    return tuple(name for name in draft.graph.order if name in inside)


def _node(draft: Draft, name: str, cost: Estimates) -> PlanNode:
    node = draft.graph.by_id[name]
    operator = node.spec.operator if isinstance(node.spec, OperationSpec) else None
    info = draft.inferred.media[name]
    if node.type is NodeType.INPUT:
        info = draft.probed[node.spec.id]  # type: ignore[union-attr,index]
    elif node.type is NodeType.OUTPUT:
        info = draft.encodings[name].result
    return PlanNode(
        id=name,
        type=node.type.value,
        operator=operator.name if operator else None,
        params=operator.params() if operator else _whereabouts(node.spec),
        media_info=info,
        estimates=cost,
    )


def _whereabouts(spec: InputSpec | OperationSpec | OutputSpec) -> dict[str, Any]:
    """What is read or written: part of the plan, so that a plan is of one spec."""
    names = ("source", "start_offset", "duration", "destination", "format", "metadata")
    return {name: value for name, value in plain_fields(spec).items() if name in names}
