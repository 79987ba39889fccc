"""A plan: what will be done, exactly. Stored as JSON, with the version of its shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from operators.problem import Problem
from planner.plan.estimates import StepEstimates
from planner.plan.nodes import InputNode, OperationNode, OutputNode, PlanNode, read_node
from planner.plan.steps import CommandStep, FetchStep, Step, read_step
from planner.plan.versions import VERSION, upgraded


@dataclass(frozen=True, kw_only=True)
class Edge:
    """`target` reads the streams of `stream_type` (`video`, `audio`, `subtitle`, `both`) of `source`."""

    source: str
    target: str
    stream_type: str
    input_index: int

    def to_json(self) -> dict[str, Any]:
        return {
            "from": self.source,
            "to": self.target,
            "stream_type": self.stream_type,
            "input_index": self.input_index,
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`plan_id` is a hash of the content: the same spec and media give the same id."""

    plan_id: str
    job_id: str | None
    created_at: str | None
    ffmpeg_version: str
    warnings: tuple[Problem, ...]
    nodes: tuple[PlanNode, ...]
    edges: tuple[Edge, ...]
    execution_order: tuple[str, ...]
    execution_stages: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    estimates: StepEstimates = field(default_factory=StepEstimates)

    @cached_property
    def _nodes(self) -> Mapping[str, PlanNode]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def _steps(self) -> Mapping[str, Step]:
        return {step.step_id: step for step in self.steps}

    def step(self, step_id: str) -> Step:
        return self._steps[step_id]

    def node(self, node_id: str) -> PlanNode:
        return self._nodes[node_id]

    def operation(self, node_id: str) -> OperationNode:
        """Raises: KeyError where this is no operation of the plan."""
        node = self._nodes[node_id]
        if not isinstance(node, OperationNode):
            raise KeyError(node_id)
        return node

    @cached_property
    def inputs(self) -> Mapping[str, InputNode]:
        """Nodes by input id."""
        return {node.input_id: node for node in self.nodes if isinstance(node, InputNode)}

    @cached_property
    def outputs(self) -> Mapping[int, OutputNode]:
        """Nodes by their places in the spec."""
        return {node.index: node for node in self.nodes if isinstance(node, OutputNode)}

    @cached_property
    def fetched_by(self) -> Mapping[str, FetchStep]:
        """The step that fetches an input, by input id."""
        names = {node.id: name for name, node in self.inputs.items()}
        return {
            names[node]: step
            for step in self.steps
            if isinstance(step, FetchStep)
            for node in step.nodes
        }

    @cached_property
    def sidecars(self) -> frozenset[str]:
        """The names of all files beside commands; those of outputs by `sidecar_name`."""
        commands = (step for step in self.steps if isinstance(step, CommandStep))
        return frozenset(name for step in commands for name in step.files)

    def reads(self, step: Step) -> list[str]:
        """Of the steps that `step` waits for, those whose work files it reads."""
        return [
            name
            for name in step.depends_on
            if name in step.step_files or isinstance(self.step(name), FetchStep)
        ]

    def with_nodes(self, nodes: Iterable[PlanNode]) -> Self:
        return replace(self, nodes=tuple(nodes))

    def for_job(self, job_id: str, at: datetime) -> Self:
        """The same plan, as the plan of a job."""
        stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return replace(self, job_id=job_id, created_at=stamp)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "plan_id": self.plan_id,
            "job_id": self.job_id,
            "created_at": self.created_at,
            "ffmpeg_version": self.ffmpeg_version,
            "warnings": [warning.to_json() for warning in self.warnings],
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
            "execution_order": list(self.execution_order),
            "execution_stages": [list(stage) for stage in self.execution_stages],
            "steps": [step.to_json() for step in self.steps],
            "estimates": self.estimates.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """A stored plan, of this version or an earlier one.

        Raises: NewerPlan where a later version of the service stored it.
        """
        stored = upgraded(document)
        return cls(
            plan_id=stored["plan_id"],
            job_id=stored["job_id"],
            created_at=stored["created_at"],
            ffmpeg_version=stored["ffmpeg_version"],
            warnings=tuple(Problem.from_json(warning) for warning in stored["warnings"]),
            nodes=tuple(map(read_node, stored["nodes"])),
            edges=tuple(_read_edge(edge) for edge in stored["edges"]),
            execution_order=tuple(stored["execution_order"]),
            execution_stages=tuple(map(tuple, stored["execution_stages"])),
            steps=tuple(map(read_step, stored["steps"])),
            estimates=StepEstimates.from_json(stored["estimates"]),
        )


def _read_edge(document: Mapping[str, Any]) -> Edge:
    return Edge(
        source=document["from"],
        target=document["to"],
        stream_type=document["stream_type"],
        input_index=document["input_index"],
    )
