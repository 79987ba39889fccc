"""Which part of which input every stream of an output shows, as far as its operations state it."""

from collections import Counter
from fractions import Fraction

from operators.capabilities import MayClip
from operators.colorimetry import HDR
from operators.contract import SAME, Likeness
from operators.duration import to_ms
from operators.media import AudioStream, Kind, VideoStream
from operators.pixels import pixels_of
from planner.codecs import demuxer_of, is_sought
from planner.draft import Draft
from planner.graph import Graph, Operation
from planner.plan import Trace
from planner.select import stood_up

_SIDES = 2


def traces(draft: Draft, name: str) -> tuple[Trace, ...]:
    """Of the streams of an output that are encoded and can be compared: both files must be of formats
    in which a moment is found at once. None of other nodes."""
    encoding = draft.encodings.get(name)
    if encoding is None or encoding.images or not is_sought(demuxer_of(encoding.container.name)):
        return ()
    found: list[Trace] = []
    seen: Counter[Kind] = Counter()
    for track in encoding.tracks:
        number = seen[track.kind]
        seen[track.kind] += 1
        if track.encoder is None or track.encoder.is_paletted:
            continue
        trace = _trace(draft, name, track.picked, number)
        if trace is None:
            continue
        made = encoding.result.streams(track.kind)[number]
        if _are_alike(draft.probed[trace.input].streams(track.kind)[trace.input_stream], made):
            found.append(trace)
    return tuple(found)


def clipping(graph: Graph) -> frozenset[str]:
    """The nodes behind operations that may bring sound above full scale."""
    found: set[str] = set()
    for name in graph.order:
        operation = graph.operations.get(name)
        operator = operation and operation.spec.operator
        loud = isinstance(operator, MayClip) and operator.may_clip()
        if loud or any(edge.source in found for edge in graph.into(name)):
            found.add(name)
    return frozenset(found)


def _trace(draft: Draft, name: str, picked: tuple[Kind, int], number: int) -> Trace | None:
    """Follow a stream up to its input; None where an operation states nothing of it."""
    graph, (kind, at) = draft.graph, picked
    start, gain = Fraction(0), 0.0
    node = graph.by_id[graph.into(name)[0].source]
    while isinstance(node, Operation):
        sources = draft.inferred.sources[node.id]
        like = node.spec.operator.likeness([selection.info for selection in sources])
        if like is None or not _says(like, kind):
            return None
        start, gain = start + like.start, gain + (like.gain_db or 0)
        _, at = [one for one in sources[0].picked if one[0] is kind][at]
        node = graph.by_id[graph.into(node.id)[0].source]
    spec = graph.sources[node.id].spec
    cut, info = spec.cut, draft.probed[spec.id]
    if not is_sought((info.format or "").partition(",")[0]):
        return None
    start += ((cut and cut.likeness([stood_up(info)])) or SAME).start
    return Trace(
        kind=kind.value,
        stream=number,
        input=spec.id,
        input_stream=at,
        start_ms=to_ms(start),
        gain_db=round(gain, 3) if kind is Kind.AUDIO else 0.0,
    )


def _says(like: Likeness, kind: Kind) -> bool:
    return like.is_picture_kept if kind is Kind.VIDEO else like.gain_db is not None


def _are_alike(source: VideoStream | AudioStream, made: VideoStream | AudioStream) -> bool:
    """Whether the source can be compared with what is made of it: how loud several channels are as
    fewer, and how bright HDR is as SDR, is not stated."""
    if isinstance(source, AudioStream) and isinstance(made, AudioStream):
        return source.channels == made.channels or max(source.channels, made.channels) <= _SIDES
    if not isinstance(source, VideoStream) or not isinstance(made, VideoStream):
        return False
    tones = [video.color_transfer in HDR for video in (source, made)]
    return (
        not source.frame_count
        and tones[0] == tones[1]
        and not pixels_of(source.pixel_format).has_alpha
    )
