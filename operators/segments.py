"""Segments that follow each other: bringing inputs to one size, rate, format and exact length.

Not an operator; `concat` and `xfade` share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from operators.colorimetry import converted, in_rgb, in_yuv, told
from operators.contract import bad_parameter
from operators.fields import common_order
from operators.filtergraph import Expression, Filter, Link, Pad, Rate, inner
from operators.media import AudioStream, Kind, MediaInfo, VideoStream
from operators.parameters import Size
from operators.picture import STILL_RATE, contained, frames_in, held, regular, seen_size, to_even
from operators.pixels import pixels_of, yuv
from operators.sound import alike, lasting, layout_of, silence
from operators.timecode import moved

_SLACK = Fraction(
    1, 10
)  # sound that is so much longer than the picture is only an encoder's padding
_DEPTHS = (8, 10, 12, 16)


@dataclass(frozen=True, kw_only=True)
class Mould:
    """What every segment is brought to; None where no segment has that kind."""

    video: VideoStream | None
    audio: AudioStream | None


def mould(
    sources: Sequence[MediaInfo],
    width: int | None = None,
    height: int | None = None,
    rate: Fraction | None = None,
) -> Mould:
    """The first picture's size, rate and depth, the first track's rate and layout."""
    pictures = [source.video[0] for source in sources if source.video]
    tracks = [source.audio[0] for source in sources if source.audio]
    audio = _plain_track(tracks[0]) if tracks else None
    if not pictures:
        return Mould(video=None, audio=audio)
    first = next((video for video in pictures if not video.frame_count), pictures[0])
    seen = seen_size(pictures[0])
    size = Size(width=width or to_even(seen.width), height=height or to_even(seen.height))
    kept_rate = rate or first.grid_rate or _round_rate(first.frame_rate)
    made = replace(
        _looking(first, size),
        codec=None,
        frame_rate=kept_rate,
        nominal_frame_rate=kept_rate,
        is_vfr=False,
        frame_count=None,
        start_ms=0,
        bitrate_bps=None,
        field_order=common_order(pictures) if kept_rate == first.grid_rate else None,
        timecode=moved(
            pictures[0].timecode, 0, kept_rate if kept_rate == first.grid_rate else None
        ),
    )
    return Mould(video=made, audio=audio)


def _looking(first: VideoStream, size: Size) -> VideoStream:
    """A picture of that size with the colours of the first, and what it keeps of a sample."""
    ours, sized = pixels_of(first.pixel_format), first.resized(size.width, size.height)
    depth = next((n for n in _DEPTHS if n >= max(ours.depth, first.bit_depth or 8)), 16)
    if ours.is_rgb and not first.frame_count:
        bits = f"{depth}le" if depth > 8 else ""
        return in_rgb(sized, f"gbr{'a' if ours.has_alpha else ''}p{bits}")
    chroma = ours.chroma if ours.model == "yuv" and ours.chroma in ("422", "444") else "420"
    if first.is_full_range and depth == 8:
        return in_yuv(sized, f"yuvj{chroma}p")  # FFmpeg 5 knows full range by the format's name
    return in_yuv(sized, yuv(chroma, depth, has_alpha=ours.has_alpha))


def _plain_track(track: AudioStream) -> AudioStream:
    return replace(track, start_ms=0, bitrate_bps=None, codec=None, channel_layout=layout_of(track))


def _round_rate(rate: Fraction | None) -> Fraction:
    """A whole rate for frames that keep no grid."""
    return Fraction(max(1, round(rate))) if rate else STILL_RATE


def length_of(source: MediaInfo, shape: Mould, position: int) -> Fraction:
    """How long a segment is, in seconds; in whole frames where there is a picture.

    Raises: BadParameters for a still without sound, or where the length is not known.
    """
    heard = _ends(source, source.audio[0]) if source.audio else None
    video = source.video[0] if source.video else None
    seen = None if video is None or video.frame_count else _ends(source, video)
    if seen is None and heard is None:
        raise bad_parameter(
            "",
            f"input {position} is a still or has no known length",
            'Set "duration" on that input.',
        )
    sound = Fraction(heard or 0, 1000)
    picture = Fraction(seen or 0, 1000)
    seconds = picture if seen is not None and sound <= picture + _SLACK else max(sound, picture)
    rate = shape.video.frame_rate if shape.video else None
    return frames_in(seconds, rate) / rate if rate else seconds


def _ends(source: MediaInfo, stream: VideoStream | AudioStream) -> int | None:
    """When a stream ends, in ms from where its file begins."""
    if not stream.duration_ms:
        return source.duration_ms
    return stream.start_ms - source.start_ms + stream.duration_ms


def video_links(
    source: MediaInfo, position: int, shape: VideoStream, seconds: Fraction
) -> tuple[Link, ...]:
    """One segment's picture on the inner pad of its position; black where it has none."""
    rate = shape.frame_rate or STILL_RATE
    count = frames_in(seconds, rate)
    output = (inner(Kind.VIDEO, position),)
    ends = (
        Filter.of("trim", end_frame=count),
        Filter.of("setpts", expr=Expression("PTS-STARTPTS")),
    )
    if not source.video:
        black = Filter.of(
            "color", color="black", size=f"{shape.width}x{shape.height}", rate=Rate(rate)
        )
        said = told(shape)
        look = (Filter.of("format", pix_fmts=shape.pixel_format), *([said] if said else []))
        return (Link(inputs=(), filters=(black, *look, *ends), outputs=output),)
    video = source.video[0]
    filters = (
        *(held(seconds, rate) if video.frame_count else regular(video, source)),
        # start_time=0: a picture that begins late shows its first frame until then
        Filter.of("fps", fps=Rate(rate), start_time=0),
        *contained(video, Size(width=shape.width, height=shape.height)),
        # always said: left free, xfade and concat may agree on another format
        *(converted(video, shape) or [Filter.of("format", pix_fmts=shape.pixel_format)]),
        # where sound lasts longer, the last picture stays
        Filter.of("tpad", stop_mode="clone", stop_duration=seconds),
        *ends,
    )
    return (Link(inputs=(Pad(Kind.VIDEO, 0, position),), filters=filters, outputs=output),)


def audio_links(
    source: MediaInfo, position: int, shape: AudioStream, seconds: Fraction
) -> tuple[Link, ...]:
    """One segment's sound on the inner pad of its position; silence where it has none."""
    output = (inner(Kind.AUDIO, position),)
    if not source.audio:
        return (Link(inputs=(), filters=silence(seconds, shape), outputs=output),)
    filters = (*alike(shape, source.audio[0]), *lasting(seconds, shape))
    return (Link(inputs=(Pad(Kind.AUDIO, 0, position),), filters=filters, outputs=output),)


def segment_links(
    sources: Sequence[MediaInfo], shape: Mould, lengths: Sequence[Fraction]
) -> tuple[Link, ...]:
    """All segments, each on inner pads of its position."""
    links: list[Link] = []
    for position, (source, seconds) in enumerate(zip(sources, lengths, strict=True)):
        if shape.video:
            links += video_links(source, position, shape.video, seconds)
        if shape.audio:
            links += audio_links(source, position, shape.audio, seconds)
    return tuple(links)


def assembled(sources: Sequence[MediaInfo], shape: Mould, seconds: Fraction) -> MediaInfo:
    """What comes out of segments that last `seconds` together."""
    length_ms = round(seconds * 1000)
    return MediaInfo(
        duration_ms=length_ms,
        duration_is_exact=all(source.duration_is_exact for source in sources),
        video=(replace(shape.video, duration_ms=length_ms),) if shape.video else (),
        audio=(replace(shape.audio, duration_ms=length_ms),) if shape.audio else (),
        tags={},
    )
