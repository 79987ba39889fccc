"""Cuts that cost no encode: where a part of a file is asked for from a keyframe on, its packets are
copied. They are read by a reading of their own, as FFmpeg copies whatever it reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from operators.capabilities import Cut, PacketCopy
from operators.media import AudioStream, Kind, VideoStream
from operators.timecode import stale
from planner.analysis import Analysis
from planner.encode import Encoding, encode
from planner.findings import Findings
from planner.graph import Sink
from planner.wiring import Track

_WITHOUT_INDEX = ("mp3", "aac", "amr")


@dataclass(frozen=True, kw_only=True)
class CopiedCut:
    """An output that is a part of a file: its encoding, and the file's tracks in its order."""

    encoding: Encoding
    tracks: tuple[Track, ...]
    cut: Cut


def copied_cut(
    analysis: Analysis,
    node: Sink,
    read: Sequence[Track],
) -> CopiedCut | None:
    """The output as a copy of a part of a file; None if anything of it must be encoded."""
    found = _cut(analysis, read)
    if found is None:
        return None
    cut, files = found
    (selection,) = analysis.inferred.sources[node.id]
    stored = {
        pick: _stored(analysis, track, selection.info.streams(pick[0])[place])
        for pick, place, track in zip(
            selection.picked, _places(selection.picked), files, strict=True
        )
    }
    encoding = encode(node.spec, selection, stored, Findings(at=node.at))
    if encoding is None or not all(track.is_copied for track in encoding.tracks):
        return None
    # it begins at the last keyframe before, which only reading the file tells
    result = replace(encoding.result, duration_is_exact=False)
    number = -1 - node.index
    return CopiedCut(
        encoding=replace(encoding, result=result),
        tracks=tuple(replace(track, reading=number) for track in files),
        cut=cut,
    )


def _cut(analysis: Analysis, read: Sequence[Track]) -> tuple[Cut, list[Track]] | None:
    """The one operation that made all that is read, if it only takes a part of one file."""
    makers = {track.node for track in read}
    name = read[0].node if len(makers) == 1 else ""
    operation = analysis.graph.operations.get(name)
    operator = operation and operation.spec.operator
    if not isinstance(operator, PacketCopy):
        return None
    cut = operator.copied([selection.info for selection in analysis.inferred.sources[name]])
    if cut is None:
        return None
    made = {w.outputs[0]: w.inputs[0] for w in analysis.wiring.wires if w.node == name}
    files = [made[track] for track in read if track in made]
    is_of_file = len(files) == len(read) and not any(track.is_inner for track in files)
    return (cut, files) if is_of_file and all(_is_sought(analysis, t) for t in files) else None


def _is_sought(analysis: Analysis, track: Track) -> bool:
    """Whether this is of a file in which a time can be found, not only guessed from its size."""
    is_of_file = track.node in analysis.graph.sources
    return is_of_file and analysis.file_of(track).format not in _WITHOUT_INDEX


def _places(picked: Sequence[tuple[Kind, int]]) -> list[int]:
    """The number of each picked stream among those of its kind."""
    kinds = [kind for kind, _ in picked]
    return [kinds[:place].count(kind) for place, kind in enumerate(kinds)]


def _stored(
    analysis: Analysis,
    track: Track,
    seen: VideoStream | AudioStream,
) -> VideoStream | AudioStream:
    """A stream as it is in the file, but as long as its part."""
    stream = analysis.file_of(track).streams(track.kind)[track.index]
    part = replace(stream, duration_ms=seen.duration_ms, start_ms=seen.start_ms)
    if isinstance(part, VideoStream):
        # it begins at an earlier keyframe, nobody knows which
        return replace(part, timecode=stale(part.timecode))
    return part
