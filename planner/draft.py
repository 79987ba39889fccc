"""The plan while it is being optimised: the graph, what flows in it, and which nodes share a command."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import ClassVar, Protocol

from operators.capabilities import Cut
from operators.media import AudioStream, MediaInfo, VideoStream
from planner.encode import Encoding
from planner.graph import Graph
from planner.infer import Inferred
from planner.wiring import Joined, OutputTrack, Track, Wire

Reading = tuple[str, int]
"""A file that is opened: the node that it is of, and its `Track.reading`."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Nodes that become one step, and why it exists."""

    nodes: tuple[str, ...]
    reason: str
    is_part: bool = False
    """Whether it is one of several that were made of a larger one."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The workers that a plan is for: FFmpegs that run at once over all machines, cores that one
    FFmpeg can use, and whether forks are split over them (`auto`: where that is worth it)."""

    slots: int = 1
    cores: int = 2
    forks: str = "auto"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`groups` in an order in which they could run; every operation and output is in one, or in
    several that do its work again rather than wait for each other."""

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
    fleet: Fleet = Fleet()

    @cached_property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """The nodes that each node reads: by the graph, and by its tracks, which may be those of
        another node that does the same. All of them come before it in the graph's order."""
        found = {name: {e.source for e in self.graph.into(name)} for name in self.graph.order}
        for w in (*self.wires, *self.measures):
            found[w.node].update(track.node for track in w.inputs)
        for name, tracks in self.outputs.items():
            found[name].update(o.track.node for o in tracks)
        return {name: frozenset(nodes - {name}) for name, nodes in found.items()}

    @cached_property
    def crossing(self) -> Mapping[str, Sequence[Track]]:
        """The tracks that cross from group to group, by the node that makes them: they go into
        intermediate files."""
        found: dict[str, set[Track]] = {}
        for group in self.groups:
            inside = set(group.nodes)
            for name in group.nodes:
                for track in self._taken.get(name, ()):
                    if track.node not in inside and self.graph.into(track.node):
                        found.setdefault(track.node, set()).add(replace(track, reading=0))
        return {node: sorted(found[node]) for node in self.graph.order if node in found}

    @cached_property
    def _taken(self) -> dict[str, list[Track]]:
        """The tracks that each node takes from others' filters, or from files."""
        found: dict[str, list[Track]] = {}
        for w in (*self.wires, *self.measures):
            found.setdefault(w.node, []).extend(w.inputs)
        for name, tracks in self.outputs.items():
            found.setdefault(name, []).extend(o.track for o in tracks if not self.is_joined(o))
        return found

    def is_joined(self, output: OutputTrack) -> bool:
        """Whether a track is copied from a list of files."""
        return output.encoded.is_copied and output.track.node in self.joined

    @cached_property
    def _inputs(self) -> tuple[str, ...]:
        return tuple(self.graph.sources)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for place, w in enumerate(self.wires):
            found.setdefault(w.node, []).append(place)
        return found

    def wires_of(self, nodes: Iterable[str]) -> list[Wire]:
        """The filters of some nodes, in order, and of all inputs."""
        names = (*self._inputs, *nodes)
        places = {place for name in names for place in self._places.get(name, ())}
        return [self.wires[place] for place in sorted(places)]

    def closure(self, name: str) -> frozenset[str]:
        """A node with everything that it is made from."""
        found, waiting = {name}, [name]
        while waiting:
            more = self.needs[waiting.pop()] - found
            found |= more
            waiting += more
        return frozenset(found)

    def stream(self, track: Track) -> VideoStream | AudioStream | None:
        """What is known of a track that nodes hand on; None of one between the filters of a node."""
        is_of_file = track.node in self.graph.sources
        if track.node in self.graph.sinks or (track.is_inner and not is_of_file):
            return None
        return self.inferred.media[track.node].streams(track.kind)[track.index]


class Pass(Protocol):
    """A step of the optimiser, as a frozen value."""

    name: ClassVar[str]

    def __call__(self, draft: Draft) -> Draft: ...


def one_group_a_node(graph: Graph) -> tuple[Group, ...]:
    """Where every plan starts: each operation and each output is a step of its own."""
    return tuple(
        Group(nodes=(name,), reason=f"runs {name} alone")
        for name in graph.order
        if graph.into(name)
    )
