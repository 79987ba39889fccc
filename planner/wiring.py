"""Streams by name: which track every filter reads and makes, and which tracks every output takes.

What an operator does not touch keeps the track that it came as, so pass-through costs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from operators.filtergraph import Filter, Link, Pad
from operators.media import AudioStream, Kind, MediaInfo, VideoStream
from planner.encode import EncodedTrack, Encoding
from planner.graph import Graph, NodeType
from planner.infer import Inferred
from planner.spec import InputSpec, OperationSpec


@dataclass(frozen=True, order=True)
class Track:
    """One stream, named by the node that makes it: `op_0_trim`, audio, 1."""

    node: str
    kind: Kind
    index: int

    @property
    def label(self) -> str:
        return f"{self.node}_{self.kind.value[0]}{self.index}"


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Filters between named tracks, as part of one node."""

    node: str
    inputs: tuple[Track, ...]
    filters: tuple[Filter, ...]
    outputs: tuple[Track, ...]


Provided = Mapping[tuple[Kind, int], Track]


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """All filters of the plan in order, and what each node hands on."""

    wires: tuple[Wire, ...]
    provides: Mapping[str, Provided]

    def read_by(self, graph: Graph, inferred: Inferred, node_id: str) -> list[list[Track]]:
        """The tracks that a node reads, input by input."""
        return [
            [self.provides[edge.source][picked] for picked in selection.picked]
            for edge, selection in zip(graph.into(node_id), inferred.sources[node_id], strict=True)
        ]


def wire(graph: Graph, inferred: Inferred) -> Wiring:
    """Compile every operation and connect it to the tracks of its sources."""
    provides: dict[str, Provided] = {}
    wires: list[Wire] = []
    wiring = Wiring(wires=(), provides=provides)
    for name in graph.order:
        node = graph.by_id[name]
        info = inferred.media[name]
        if node.type is NodeType.INPUT:
            provides[name] = {
                (kind, i): Track(name, kind, i)
                for kind in Kind
                for i in range(len(info.streams(kind)))
            }
        elif isinstance(node.spec, OperationSpec):
            sources = [_by_kind(tracks) for tracks in wiring.read_by(graph, inferred, name)]
            read = [selection.info for selection in inferred.sources[name]]
            made = _connect(name, node.spec.operator.compile(read, info), sources)
            wires += [w for w in made if w.filters]
            renamed = {o: w.inputs[0] for w in made if not w.filters for o in w.outputs}
            provides[name] = {
                (kind, i): _provided(name, kind, i, made, renamed, sources)
                for kind in Kind
                for i in range(len(info.streams(kind)))
            }
    return Wiring(wires=tuple(wires), provides=provides)


def _by_kind(tracks: Sequence[Track]) -> dict[Kind, list[Track]]:
    return {kind: [track for track in tracks if track.kind is kind] for kind in Kind}


def _connect(
    name: str, links: Sequence[Link], sources: Sequence[Mapping[Kind, list[Track]]]
) -> list[Wire]:
    def source(pad: Pad) -> Track:
        return sources[pad.source][pad.kind][pad.index]

    return [
        Wire(
            node=name,
            inputs=tuple(source(pad) for pad in link.inputs),
            filters=link.filters,
            outputs=tuple(Track(name, pad.kind, pad.index) for pad in link.outputs),
        )
        for link in links
    ]


def _provided(
    name: str,
    kind: Kind,
    index: int,
    made: Sequence[Wire],
    renamed: Mapping[Track, Track],
    sources: Sequence[Mapping[Kind, list[Track]]],
) -> Track:
    own = Track(name, kind, index)
    if own in renamed:
        return renamed[own]
    return own if any(own in w.outputs for w in made) else sources[0][kind][index]


@dataclass(frozen=True, kw_only=True)
class OutputTrack:
    """A track on its way into an output file."""

    track: Track
    encoded: EncodedTrack


def finish(
    name: str, read: Sequence[Track], picked: Sequence[tuple[Kind, int]], encoding: Encoding
) -> tuple[list[Wire], list[OutputTrack]]:
    """The filters that only this output needs, and its tracks behind them."""
    by_pick = dict(zip(picked, read, strict=True))
    wires: list[Wire] = []
    tracks: list[OutputTrack] = []
    for encoded in encoding.tracks:
        track = by_pick[encoded.picked]
        if encoded.filters:
            own = Track(name, *encoded.picked)
            wires.append(Wire(node=name, inputs=(track,), filters=encoded.filters, outputs=(own,)))
            track = own
        tracks.append(OutputTrack(track=track, encoded=encoded))
    return wires, tracks


def untouched(
    graph: Graph,
    wiring: Wiring,
    probed: Mapping[str, MediaInfo],
    read: Sequence[Track],
    picked: Sequence[tuple[Kind, int]],
) -> dict[tuple[Kind, int], VideoStream | AudioStream]:
    """Of what an output reads, the streams that come straight from a file, uncut."""
    found: dict[tuple[Kind, int], VideoStream | AudioStream] = {}
    for pick, track in zip(picked, read, strict=True):
        given = graph.by_id[track.node].spec
        if not isinstance(given, InputSpec) or given.start_offset or given.duration is not None:
            continue
        info = probed[given.id]
        found[pick] = info.streams(track.kind)[track.index]
    return found
