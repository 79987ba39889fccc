"""The plan while it is being optimised: the graph, what flows in it, and which nodes share a command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from operators.contract import Cut
from operators.media import AudioStream, MediaInfo, VideoStream
from planner.encode import Encoding
from planner.graph import Graph, NodeType
from planner.infer import Inferred
from planner.wiring import Joined, OutputTrack, Track, Wire

Reading = tuple[str, int]
"""A file that is opened: the node that it is of, and its `Track.reading`."""


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
    seeks: Mapping[Reading, Fraction] = field(default_factory=dict)
    """How many seconds of a file need not be read."""
    cuts: Mapping[int, Cut] = field(default_factory=dict)
    """The part of a file that is copied, by the number of its reading."""

    def stream(self, track: Track) -> VideoStream | AudioStream | None:
        """What is known of a track that nodes hand on; None of one between the filters of a node."""
        made_by = self.graph.by_id[track.node].type
        if made_by is NodeType.OUTPUT or (track.is_inner and made_by is not NodeType.INPUT):
            return None
        return self.inferred.media[track.node].streams(track.kind)[track.index]


Pass = Callable[[Draft], Draft]


def one_group_a_node(graph: Graph) -> tuple[Group, ...]:
    """Where every plan starts: each operation and each output is a step of its own."""
    return tuple(
        Group(nodes=(name,), reason=f"runs {name} alone")
        for name in graph.order
        if graph.into(name)
    )
