"""The plan while it is being optimised: the graph, what flows in it, and which nodes share a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from operators.media import MediaInfo
from planner.encode import Encoding
from planner.graph import Graph
from planner.infer import Inferred
from planner.wiring import Joined, OutputTrack, Wire


@dataclass(frozen=True, kw_only=True)
class Group:
    """Nodes that become one step, and why it exists."""

    nodes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`groups` in an order in which they could run; every operation and output is in one."""

    graph: Graph
    probed: Mapping[str, MediaInfo]
    inferred: Inferred
    wires: tuple[Wire, ...]
    measures: tuple[Wire, ...]
    joined: Mapping[str, Joined]
    """By operation, the inputs that are copied one after the other where nothing is to be encoded."""
    outputs: Mapping[str, tuple[OutputTrack, ...]]
    encodings: Mapping[str, Encoding]
    groups: tuple[Group, ...]


Pass = Callable[[Draft], Draft]


def one_group_a_node(graph: Graph) -> tuple[Group, ...]:
    """Where every plan starts: each operation and each output is a step of its own."""
    return tuple(
        Group(nodes=(name,), reason=f"runs {name} alone")
        for name in graph.order
        if graph.into(name)
    )


def show_groups(draft: Draft) -> str:
    """The groups as text, for golden cases: a line a group."""
    return "\n".join(f"{' '.join(group.nodes)}  # {group.reason}" for group in draft.groups)
