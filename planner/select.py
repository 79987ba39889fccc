"""Which streams a reference carries, and what a decoder makes of an input."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from operators.duration import to_ms
from operators.media import FLOWING, Kind, MediaInfo, Stream, VideoStream
from operators.picture import STILL_RATE, held_ms
from operators.problem import Code, Problem
from planner.spec import InputSpec, Reference


@dataclass(frozen=True, kw_only=True)
class Selection:
    """`info` holds the chosen streams; `picked` says which of the source's each one is."""

    info: MediaInfo
    picked: tuple[tuple[Kind, int], ...]


def select(info: MediaInfo, reference: Reference, at: str) -> Selection | Problem:
    """The streams of a reference: first picture and all sound, one kind, or one track of it."""
    kinds = [reference.kind] if reference.kind else list(FLOWING)
    picked = [
        (kind, index)
        for kind in kinds
        for index in range(len(info.streams(kind)))
        if (kind is Kind.AUDIO or index == 0 or reference.track is not None)
        and reference.track in (None, index)
    ]
    if not picked and not (info.subtitles and reference.kind is None):
        return Problem(
            code=Code.INVALID_REFERENCE,
            pointer=at,
            message=f'"{reference}" carries nothing: {describe(info, reference.id)}',
        )
    chosen = {kind: [index for k, index in picked if k is kind] for kind in FLOWING}
    return Selection(
        info=replace(
            info,
            video=tuple(info.video[index] for index in chosen[Kind.VIDEO]),
            audio=tuple(info.audio[index] for index in chosen[Kind.AUDIO]),
        ),
        picked=tuple(picked),
    )


def describe(info: MediaInfo, name: str) -> str:
    """What there is, in words: `"a" has 1 picture and no sound`."""
    pictures, tracks = len(info.video), len(info.audio)
    seen = f"{pictures} video stream{'s' * (pictures != 1)}" if pictures else "no video"
    heard = f"{tracks} audio track{'s' * (tracks != 1)}" if tracks else "no audio"
    return f'"{name}" has {seen} and {heard}'


def decoded(info: MediaInfo, given: InputSpec) -> MediaInfo:
    """An input as filters see it: upright, cut to `start_offset` and `duration`."""
    info = replace(info, video=tuple(stream.upright() for stream in info.video))
    if not given.start_offset and given.duration is None:
        return info
    if info.is_still:
        return _shown(info, given)
    kept = [_cut(stream, info, given) for stream in (*info.video, *info.audio)]
    lengths = [length for length in kept if length is not None]
    wanted = None if given.duration is None else to_ms(given.duration)
    # a seek falls where the container lets it: sure only where all streams begin together on a grid
    is_sure = all(
        stream.start_ms == info.start_ms for stream in (*info.video, *info.audio)
    ) and all(stream.grid_rate for stream in info.video)
    return replace(
        info.lasting(max(lengths, default=wanted)),
        duration_is_exact=info.duration_is_exact and is_sure,
        chapters=(),
    )


def _shown(info: MediaInfo, given: InputSpec) -> MediaInfo:
    """A still with a duration is a stream (`held`); there is nothing to skip in it."""
    if given.duration is None:
        return info
    length_ms = held_ms(given.duration)
    moving = replace(
        info.video[0],
        frame_count=None,
        frame_rate=STILL_RATE,
        nominal_frame_rate=STILL_RATE,
        duration_ms=length_ms,
    )
    return replace(info, video=(moving,), duration_ms=length_ms)


def _cut(stream: Stream, info: MediaInfo, given: InputSpec) -> int | None:
    """How long a stream is after seeking, in ms; a picture in whole frames."""
    length = stream.duration_ms if stream.duration_ms is not None else info.duration_ms
    left = None if length is None else max(0, length - to_ms(given.start_offset))
    wanted = None if given.duration is None else to_ms(given.duration)
    found = min((part for part in (left, wanted) if part is not None), default=None)
    rate = stream.grid_rate if isinstance(stream, VideoStream) else None
    if found is None or not rate:
        return found
    return round(ceil(Fraction(found, 1000) * rate - Fraction(1, 50)) / rate * 1000)
