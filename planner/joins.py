"""Streams that outputs may copy: of files as they are, and of files that follow each other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from operators.capabilities import PacketJoin
from operators.media import AudioStream, Kind, MediaInfo, VideoStream
from planner.analysis import Analysis
from planner.wiring import Joined, Track


def untouched(
    analysis: Analysis,
    joined: Mapping[str, Joined],
    read: Sequence[Track],
    picked: Sequence[tuple[Kind, int]],
) -> dict[tuple[Kind, int], VideoStream | AudioStream]:
    """Of what an output reads, the streams that come straight from a file or from files that are
    joined as they are, uncut."""
    found: dict[tuple[Kind, int], VideoStream | AudioStream] = {}
    for pick, track in zip(picked, read, strict=True):
        if track.node in joined and track.kind in joined[track.node].kinds:
            found[pick] = _joined_stream(track, joined[track.node], analysis.probed)
            continue
        source = analysis.graph.sources.get(track.node)
        if source is not None and source.spec.cut is None:
            found[pick] = analysis.file_of(track).streams(track.kind)[track.index]
    return found


def kept_sound(
    probed: Mapping[str, MediaInfo],
    joined: Mapping[str, Joined],
    read: Sequence[Track],
    picked: Sequence[tuple[Kind, int]],
) -> dict[tuple[Kind, int], str]:
    """The lossless codec of sound that is encoded anew only to be joined exactly: it stays what it is."""
    found: dict[tuple[Kind, int], str] = {}
    for pick, track in zip(picked, read, strict=True):
        if track.kind is Kind.AUDIO and track.node in joined:
            tracks = [probed[name].audio[:1] for name in joined[track.node].inputs]
            codecs = {own[0].codec if own and own[0].bit_depth else None for own in tracks}
            (codec, *others) = codecs
            if codec and not others:
                found[pick] = codec
    return found


def joins(analysis: Analysis) -> dict[str, Joined]:
    """The operations that could be done by copying."""
    found: dict[str, Joined] = {}
    graph = analysis.graph
    for node in graph.operations.values():
        edges = graph.into(node.id)
        tracks = [t for read in analysis.tracks_of(node.id) for t in read]
        specs = [graph.sources[e.source].spec for e in edges if e.source in graph.sources]
        files = [spec.id for spec in specs if spec.cut is None]
        if len(files) < len(edges) or any(track.index for track in tracks):
            continue
        operator = node.spec.operator
        if not isinstance(operator, PacketJoin):
            continue
        joint = operator.joint([s.info for s in analysis.inferred.sources[node.id]])
        if joint:
            found[node.id] = Joined(inputs=tuple(files), seconds=joint.seconds, kinds=joint.kinds)
    return found


def _joined_stream(
    track: Track, joined: Joined, probed: Mapping[str, MediaInfo]
) -> VideoStream | AudioStream:
    """The first file's stream, as long as all of them: each begins where the one before ends."""
    first, *_ = files = [probed[name].streams(track.kind)[0] for name in joined.inputs]
    before = round(sum(joined.seconds[:-1]) * 1000)
    return replace(
        first, duration_ms=before + (files[-1].duration_ms or 0), start_ms=0, bitrate_bps=None
    )
