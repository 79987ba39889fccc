"""Streams by name: which track every filter reads and makes, and which tracks every output takes.

What an operator does not touch keeps the track that it came as, so pass-through costs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from operators.capabilities import TwoPass
from operators.filtergraph import INNER, Expression, Filter, Link, Measured, Pad
from operators.media import FLOWING, Kind, MediaInfo
from operators.sound import metered
from planner.encode import Encoding
from planner.graph import Graph, Operation, Source
from planner.infer import Inferred
from planner.select import stood_up
from planner.tracks import EncodedTrack

_PALETTE_BYTES = 256 << 20


@dataclass(frozen=True, order=True)
class Track:
    """One stream, named by the node that makes it: `op_0_trim`, audio, 1."""

    node: str
    kind: Kind
    index: int
    is_inner: bool = False
    """Between the filters of one node; nothing outside reads it."""
    reading: int = 0
    """The same stream again, by files that are opened once more (`passes.read_apart`)."""

    @property
    def label(self) -> str:
        again = f"r{self.reading}" if self.reading else ""
        name = f"{'x' if self.is_inner else ''}{self.kind.value[0]}{self.index}"
        return f"{self.node}_{name}{again}"


@dataclass(frozen=True, kw_only=True)
class Wire:
    """Filters between named tracks, as part of one node."""

    node: str
    inputs: tuple[Track, ...]
    filters: tuple[Filter, ...]
    outputs: tuple[Track, ...]
    ahead: tuple[Fraction, ...] = ()
    delay: Fraction = Fraction(0)
    """Both as of `Link`."""

    def reading(self, inputs: tuple[Track, ...]) -> "Wire":
        """The same filters on other tracks."""
        return self if inputs == self.inputs else replace(self, inputs=inputs)

    @property
    def end(self) -> Fraction | None:
        """Where it stops to read, if it begins with a cut that ends."""
        first = self.filters[0] if self.filters else None
        end = dict(first.options).get("end") if first and first.name in ("trim", "atrim") else None
        return end if isinstance(end, Fraction) else None


def measured_in(w: Wire) -> list[tuple[str, int]]:
    """The measurements (node, track) whose values a wire uses."""
    return [
        (w.node, value.track)
        for one in w.filters
        for _, value in one.options
        if isinstance(value, Measured)
    ]


Provided = Mapping[tuple[Kind, int], Track]


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """All filters of the plan in order, and what each node hands on."""

    wires: tuple[Wire, ...]
    measures: tuple[Wire, ...]
    """What first passes read, each ending in one track that is only listened to."""
    provides: Mapping[str, Provided]

    def read_by(self, graph: Graph, inferred: Inferred, node_id: str) -> list[list[Track]]:
        """The tracks that a node reads, input by input."""
        return [
            [self.provides[edge.source][picked] for picked in selection.picked]
            for edge, selection in zip(graph.into(node_id), inferred.sources[node_id], strict=True)
        ]


def wire(graph: Graph, inferred: Inferred, probed: Mapping[str, MediaInfo]) -> Wiring:
    """Compile every operation and connect it to the tracks of its sources."""
    provides: dict[str, Provided] = {}
    wires: list[Wire] = []
    measures: list[Wire] = []
    wiring = Wiring(wires=(), measures=(), provides=provides)
    for name in graph.order:
        node = graph.by_id[name]
        info = inferred.media[name]
        if isinstance(node, Source):
            shaped = _shaped(node, probed)
            wires += shaped
            cut = {replace(track, is_inner=False): track for w in shaped for track in w.outputs}
            provides[name] = {
                (kind, i): cut.get(raw, raw)
                for kind in FLOWING
                for i in range(len(info.streams(kind)))
                for raw in (Track(name, kind, i),)
            }
        elif isinstance(node, Operation):
            sources = [_by_kind(tracks) for tracks in wiring.read_by(graph, inferred, name)]
            read = [selection.info for selection in inferred.sources[name]]
            operator = node.spec.operator
            made = _connect(name, operator.compile(read, info), sources)
            if isinstance(operator, TwoPass):
                measures += _connect(name, operator.measure(read, info), sources)
            wires += [w for w in made if w.filters]
            renamed = {o: w.inputs[0] for w in made if not w.filters for o in w.outputs}
            provides[name] = {
                (kind, i): _provided(name, kind, i, made, renamed, sources)
                for kind in FLOWING
                for i in range(len(info.streams(kind)))
            }
    return Wiring(wires=tuple(wires), measures=tuple(measures), provides=provides)


def _shaped(node: Source, probed: Mapping[str, MediaInfo]) -> list[Wire]:
    """The filters of an input that takes a part of its file, or shows its still for a while, or
    whose pictures come late only because their times are not stored."""
    upright = stood_up(probed[node.spec.id])
    cut = node.spec.cut
    if cut is None or (upright.is_still and node.spec.duration is None):
        links = tuple(
            Link(inputs=(pad,), filters=(), outputs=(pad,))
            for index, video in enumerate(upright.video)
            for pad in (Pad(Kind.VIDEO, index),)
            if video.lacks_times
        )
    else:
        links = cut.compile([upright], upright)
    return [
        Wire(
            node=node.id,
            inputs=tuple(Track(node.id, pad.kind, pad.index) for pad in link.inputs),
            filters=(*_untimed(upright, link.inputs), *link.filters),
            outputs=tuple(
                Track(node.id, pad.kind, pad.index, is_inner=True) for pad in link.outputs
            ),
            ahead=link.ahead,
            delay=link.delay,
        )
        for link in links
    ]


def _untimed(info: MediaInfo, pads: Sequence[Pad]) -> tuple[Filter, ...]:
    """FFmpeg gives such pictures the times at which they are decoded: the first comes late."""
    is_late = any(pad.kind is Kind.VIDEO and info.video[pad.index].lacks_times for pad in pads)
    return (Filter.of("setpts", expr=Expression("PTS-STARTPTS")),) if is_late else ()


def _by_kind(tracks: Sequence[Track]) -> dict[Kind, list[Track]]:
    return {kind: [track for track in tracks if track.kind is kind] for kind in FLOWING}


def _connect(
    name: str, links: Sequence[Link], sources: Sequence[Mapping[Kind, list[Track]]]
) -> list[Wire]:
    def source(pad: Pad) -> Track:
        if pad.source == INNER:
            return Track(name, pad.kind, pad.index, is_inner=True)
        return sources[pad.source][pad.kind][pad.index]

    def made(pad: Pad) -> Track:
        return Track(name, pad.kind, pad.index, is_inner=pad.source == INNER)

    return [
        Wire(
            node=name,
            inputs=tuple(source(pad) for pad in link.inputs),
            filters=link.filters,
            outputs=tuple(made(pad) for pad in link.outputs),
            ahead=link.ahead,
            delay=link.delay,
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
        own = Track(name, *encoded.picked)
        if encoded.encoder and encoded.encoder.is_paletted:
            wires += _paletted(track, encoded.filters, own, encoding.result)
            track = own
        elif encoded.filters or encoded.is_metered:
            meter = metered(f"{name}_{encoded.picked[1]}") if encoded.is_metered else ()
            filters = (*encoded.filters, *meter)
            wires.append(Wire(node=name, inputs=(track,), filters=filters, outputs=(own,)))
            track = own
        tracks.append(OutputTrack(track=track, encoded=encoded))
    return wires, tracks


def _paletted(
    track: Track, filters: tuple[Filter, ...], own: Track, result: MediaInfo
) -> list[Wire]:
    """The best 256 colours: of the whole film where it can wait in memory, else of each frame."""
    video = result.video[0]
    frames = (result.duration_ms or 0) / 1000 * float(video.frame_rate or 25)
    is_short = 0 < frames * video.width * video.height * 4 <= _PALETTE_BYTES
    plain = replace(own, is_inner=True)
    colours = replace(plain, index=own.index + 1)
    make = Filter.of("palettegen", stats_mode="full" if is_short else "single")
    use = Filter.of("paletteuse", new=None if is_short else 1)
    ready = filters or (Filter.of("null"),)
    return [
        Wire(node=own.node, inputs=(track,), filters=ready, outputs=(plain,)),
        Wire(node=own.node, inputs=(plain,), filters=(make,), outputs=(colours,)),
        Wire(node=own.node, inputs=(plain, colours), filters=(use,), outputs=(own,)),
    ]


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Inputs whose packets could be copied one after the other: their ids, for how long each, and
    of which kinds."""

    inputs: tuple[str, ...]
    seconds: tuple[Fraction, ...]
    kinds: frozenset[Kind]
