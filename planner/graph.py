"""The DAG of a job: nodes, edges, Kahn's order and the stages. Ties go by list order."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from operators.problem import pointer
from planner.plan.node_ids import input_id, operation_id, output_id
from planner.spec import InputSpec, JobSpec, OperationSpec, OutputSpec, Reference


@dataclass(frozen=True, kw_only=True)
class Vertex:
    """What all nodes of the graph have. `index` is its place in the spec's list."""

    list: ClassVar[str]
    id: str
    index: int

    @property
    def at(self) -> str:
        """The pointer to it in the spec."""
        return pointer(self.list, self.index)


@dataclass(frozen=True, kw_only=True)
class Source(Vertex):
    """An input of the job."""

    list = "inputs"
    spec: InputSpec


@dataclass(frozen=True, kw_only=True)
class Operation(Vertex):
    """An operation of the job."""

    list = "operations"
    spec: OperationSpec


@dataclass(frozen=True, kw_only=True)
class Sink(Vertex):
    """An output of the job."""

    list = "outputs"
    spec: OutputSpec


Node = Source | Operation | Sink


@dataclass(frozen=True, kw_only=True)
class Edge:
    """`target` reads what `reference` picks of `source`, as its `input_index`-th input."""

    source: str
    target: str
    reference: Reference
    input_index: int

    @property
    def stream_type(self) -> str:
        return self.reference.kind.value if self.reference.kind else "both"


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Nodes in list order (inputs, operations, outputs) and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def _into(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, "target")

    @cached_property
    def _out_of(self) -> dict[str, list[Edge]]:
        return _grouped(self.edges, "source")

    def into(self, node_id: str) -> Sequence[Edge]:
        """The edges that end at a node, by input index."""
        return self._into.get(node_id, ())

    def out_of(self, node_id: str) -> Sequence[Edge]:
        return self._out_of.get(node_id, ())

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The inputs, by id of their nodes."""
        return {node.id: node for node in self.nodes if isinstance(node, Source)}

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        return {node.id: node for node in self.nodes if isinstance(node, Operation)}

    @cached_property
    def sinks(self) -> Mapping[str, Sink]:
        """The outputs, by id of their nodes."""
        return {node.id: node for node in self.nodes if isinstance(node, Sink)}

    def without(self, dropped: Iterable[str]) -> "Graph":
        """The graph less some nodes and their edges."""
        gone = set(dropped)
        return replace(
            self,
            nodes=tuple(n for n in self.nodes if n.id not in gone),
            edges=tuple(e for e in self.edges if not gone & {e.source, e.target}),
        )

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Kahn's order; among nodes that are ready, the first in the list."""
        return tuple(self._kahn())

    @cached_property
    def stages(self) -> tuple[tuple[str, ...], ...]:
        """Nodes by depth: a stage depends on earlier stages only."""
        depth: dict[str, int] = {}
        for name in self.order:
            depth[name] = 1 + max((depth[e.source] for e in self.into(name)), default=-1)
        found: dict[int, list[str]] = defaultdict(list)
        for node in self.nodes:
            found[depth[node.id]].append(node.id)
        return tuple(tuple(found[level]) for level in sorted(found))

    def _kahn(self) -> Iterable[str]:
        place = {node.id: position for position, node in enumerate(self.nodes)}
        waiting = {node.id: len(self.into(node.id)) for node in self.nodes}
        ready = [place[name] for name, count in waiting.items() if count == 0]
        heapq.heapify(ready)
        while ready:
            name = self.nodes[heapq.heappop(ready)].id
            yield name
            for edge in self.out_of(name):
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0:
                    heapq.heappush(ready, place[edge.target])


def _grouped(edges: Iterable[Edge], end: str) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[getattr(edge, end)].append(edge)
    return found


def build_graph(spec: JobSpec) -> Graph:
    """The DAG of a valid spec (`planner.parse` has refused cycles and unknown references)."""
    inputs = [
        Source(id=input_id(given.id), index=index, spec=given)
        for index, given in enumerate(spec.inputs)
    ]
    operations = [
        Operation(id=operation_id(index, given.operator.name), index=index, spec=given)
        for index, given in enumerate(spec.operations)
    ]
    outputs = [
        Sink(id=output_id(index), index=index, spec=given)
        for index, given in enumerate(spec.outputs)
    ]
    makers = {given.id: node.id for given, node in zip(spec.inputs, inputs, strict=True)}
    makers |= {
        given.output: node.id for given, node in zip(spec.operations, operations, strict=True)
    }

    def edges(node: Node, references: Sequence[Reference]) -> list[Edge]:
        return [
            Edge(source=makers[ref.id], target=node.id, reference=ref, input_index=position)
            for position, ref in enumerate(references)
        ]

    read_by_operations = [
        edge
        for given, node in zip(spec.operations, operations, strict=True)
        for edge in edges(node, given.inputs)
    ]
    read_by_outputs = [
        edge
        for given, node in zip(spec.outputs, outputs, strict=True)
        for edge in edges(node, [given.id])
    ]
    return Graph(
        nodes=(*inputs, *operations, *outputs), edges=(*read_by_operations, *read_by_outputs)
    )
