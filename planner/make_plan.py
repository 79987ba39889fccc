"""`make_plan`, the planner's front door: a spec and its media in, a plan out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from operators.capabilities import Cut
from operators.contract import Estimates, remark
from operators.media import MediaInfo
from operators.problem import Invalid, Problem
from operators.reading import plain_fields
from planner.costs import Costs
from planner.draft import Draft, Fleet, Pass, one_group_a_node
from planner.encode import Encoding, encode
from planner.estimate import Estimator, sum_steps
from planner.findings import Findings
from planner.graph import Edge as GraphEdge
from planner.graph import Graph, Operation, Sink, Source, build_graph
from planner.infer import Inferred, infer
from planner.input_remarks import input_remarks
from planner.keyframes import copied_cut
from planner.passes import PASSES, optimise
from planner.plan import Edge, InputNode, OperationNode, OutputNode, Plan, PlanNode, Step
from planner.spec import JobSpec, LimitsSpec
from planner.steps import make_steps
from planner.traces import clipping, traces
from planner.wiring import OutputTrack, Wire, finish, joins, kept_sound, untouched, wire


@dataclass(frozen=True, kw_only=True)
class Options:
    """What else a plan depends on."""

    ffmpeg_version: str
    limits: LimitsSpec = LimitsSpec()
    threads: int = 0
    """FFmpeg threads a command; 0 lets FFmpeg choose."""
    is_optimised: bool = True
    """False: every node a step of its own, with lossless intermediates (for diagnosis)."""
    learnt: Costs = field(default_factory=Costs)
    """What finished attempts taught of costs."""
    fleet: Fleet = Fleet()
    """The workers that the plan is for."""
    passes: tuple[Pass, ...] = PASSES
    """What the optimiser does, in order."""


def make_plan(
    spec: JobSpec,
    probed: Mapping[str, MediaInfo],
    options: Options,
    warnings: Sequence[Problem] = (),
) -> Plan:
    """Plan a job. `probed` has the MediaInfo of every input that something needs, by input id.

    Raises: Invalid, with every fault that only the media shows.
    """
    draft, said = draft_plan(spec, probed, options.limits)
    if options.is_optimised:
        draft = optimise(replace(draft, fleet=options.fleet), options.passes)
    graph, estimator = draft.graph, Estimator(learnt=options.learnt)
    costs = estimator.of_nodes(draft)
    steps = make_steps(draft, options.threads, estimator)
    plan = Plan(
        plan_id="",
        job_id=None,
        created_at=None,
        ffmpeg_version=options.ffmpeg_version,
        warnings=(*warnings, *said),
        nodes=tuple(_node(draft, node.id, costs[node.id]) for node in graph.nodes),
        edges=tuple(_edge(edge) for edge in graph.edges),
        execution_order=graph.order,
        execution_stages=graph.stages,
        steps=steps,
        estimates=sum_steps(steps),
    )
    return replace(plan, plan_id=content_id(plan))


_PARTS = (Plan, PlanNode, Step)
_ELSEWHERE = ("plan_id", "job_id", "created_at", "estimates", "work")
"""What is not part of a plan's identity."""


def content_id(plan: Plan) -> str:
    """`plan_` and 32 hex digits: SHA-256 of the plan without job, time and estimates."""
    text = json.dumps(
        plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_content
    )
    return "plan_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _content(value: Any) -> Any:
    """What JSON does not know: dataclasses by their fields, rates as text."""
    if isinstance(value, _PARTS):
        names = value.__dataclass_fields__
        return {name: getattr(value, name) for name in names if name not in _ELSEWHERE}
    return getattr(value, "__dict__", None) or str(value)


def needed_graph(graph: Graph) -> Graph:
    """The graph less what no output needs."""
    needed = set(graph.sinks)
    for name in reversed(graph.order):
        if name in needed:
            needed.update(edge.source for edge in graph.into(name))
    return graph.without(node.id for node in graph.nodes if node.id not in needed)


def needed_inputs(spec: JobSpec) -> set[str]:
    """The ids of the inputs that must be probed."""
    kept = needed_graph(build_graph(spec)).sources.values()
    return {node.spec.id for node in kept}


def draft_plan(
    spec: JobSpec, probed: Mapping[str, MediaInfo], limits: LimitsSpec
) -> tuple[Draft, list[Problem]]:
    """The naive plan, a step a node, and warnings. Raises: Invalid."""
    graph = needed_graph(build_graph(spec))
    inferred = infer(graph, probed, limits)
    if inferred.problems:
        raise Invalid(inferred.problems)
    wiring = wire(graph, inferred, probed)
    joined = joins(graph, inferred, wiring)
    problems: list[Problem] = []
    warnings = [*input_remarks(graph, probed), *_remarks(graph, inferred)]
    wires: list[Wire] = list(wiring.wires)
    outputs: dict[str, tuple[OutputTrack, ...]] = {}
    encodings: dict[str, Encoding] = {}
    cuts: dict[int, Cut] = {}
    loud = clipping(graph)
    for node in graph.sinks.values():
        (read,) = wiring.read_by(graph, inferred, node.id)
        (selection,) = inferred.sources[node.id]
        part = copied_cut(graph, probed, inferred, wiring, node, read)
        if part:
            cuts[part.tracks[0].reading] = part.cut
            _, tracks = finish(node.id, part.tracks, selection.picked, part.encoding)
            outputs[node.id], encodings[node.id] = tuple(tracks), part.encoding
            continue
        stored = untouched(graph, probed, joined, read, selection.picked)
        findings = Findings(at=node.at)
        kept = kept_sound(probed, joined, read, selection.picked)
        encoding = encode(node.spec, selection, stored, findings, kept, may_clip=node.id in loud)
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
        measures=wiring.measures,
        joined=joined,
        outputs=outputs,
        encodings=encodings,
        groups=one_group_a_node(graph),
        cuts=cuts,
    )
    return draft, warnings


def _remarks(graph: Graph, inferred: Inferred) -> list[Problem]:
    """What the operations warn of."""
    nodes = graph.operations.values()
    mixed = [
        remark(
            "",
            f"{node.spec.operator.name} keeps both fields of interlaced pictures in whole frames: put deinterlace before it",
        ).below(node.at)
        for node in nodes
        if _mixes_fields(inferred, node.id)
    ]
    return mixed + [
        problem.below(f"{node.at}/params" if problem.pointer else node.at)
        for node in nodes
        for problem in node.spec.operator.remarks(
            [selection.info for selection in inferred.sources[node.id]]
        )
    ]


def _mixes_fields(inferred: Inferred, node_id: str) -> bool:
    """Whether interlaced pictures go in, and others come out that nobody has deinterlaced."""
    sources = [v for selection in inferred.sources[node_id] for v in selection.info.video[:1]]
    made = inferred.media[node_id].video[:1]
    is_lost = any(v.field_order != "progressive" and not v.is_interlaced for v in made)
    return is_lost and any(v.is_interlaced for v in sources)


def _edge(edge: GraphEdge) -> Edge:
    return Edge(
        source=edge.source,
        target=edge.target,
        stream_type=edge.stream_type,
        input_index=edge.input_index,
    )


def _node(draft: Draft, name: str, cost: Estimates) -> PlanNode:
    node = draft.graph.by_id[name]
    match node:
        case Source(spec=spec):
            written = plain_fields(spec)
            return InputNode(
                id=name,
                media_info=draft.probed[spec.id],
                estimates=cost,
                input_id=spec.id,
                source=spec.source,
                start_offset=written["start_offset"],
                duration=written["duration"],
                format=spec.format,
                metadata=spec.metadata,
            )
        case Operation(spec=operation):
            return OperationNode(
                id=name,
                media_info=draft.inferred.media[name],
                estimates=cost,
                index=node.index,
                operator=operation.operator.name,
                params=operation.operator.params(),
            )
        case Sink(spec=output):
            encoding = draft.encodings[name]
            return OutputNode(
                id=name,
                media_info=encoding.result,
                estimates=cost,
                index=node.index,
                destination=output.destination,
                format=output.format,
                metadata=output.metadata,
                images=encoding.images,
                traces=traces(draft, name),
            )
