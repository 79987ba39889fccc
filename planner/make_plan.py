"""`make_plan`, the planner's front door: a spec and its media in, a plan out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from operators.contract import Estimates
from operators.media import MediaInfo
from operators.problem import Problem
from operators.reading import plain_fields
from planner.costs import Costs
from planner.draft import Draft, Fleet, Pass
from planner.draft_plan import draft_plan, needed_graph
from planner.estimate import Estimator, sum_steps
from planner.graph import Edge as GraphEdge
from planner.graph import Operation, Sink, Source, build_graph
from planner.passes import PASSES, optimise
from planner.plan import Edge, InputNode, OperationNode, OutputNode, Plan, PlanNode, Step
from planner.spec import JobSpec, LimitsSpec
from planner.steps import make_steps
from planner.traces import traces


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


def needed_inputs(spec: JobSpec) -> set[str]:
    """The ids of the inputs that must be probed."""
    kept = needed_graph(build_graph(spec)).sources.values()
    return {node.spec.id for node in kept}


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
