"""Whether packets of files can follow each other and be timed as if they were encoded anew.

Not an operator; `concat` asks. Picture and sound are asked apart: one may be copied beside the other.
"""

from collections.abc import Sequence
from fractions import Fraction

from operators.media import AudioStream, Kind, MediaInfo, VideoStream

_VIDEO_TRAITS = (
    "codec", "profile", "width", "height", "sar", "rotation", "pixel_format", "nominal_frame_rate",
    "color_range", "color_space", "color_transfer", "time_base", "extradata_md5",
)  # fmt: skip
_AUDIO_TRAITS = ("codec", "sample_rate", "channels", "channel_layout", "time_base", "extradata_md5")
# no lead-in samples: FFmpeg keeps those of every file, but skips them only where the first begins
_WITHOUT_DELAY = ("flac", "alac")
_TOGETHER_MS = 100
_EXACT_MS = 1


def has_delay(track: AudioStream) -> bool:
    """Whether a decoder gives more samples than were encoded, so that a join has a seam."""
    codec = track.codec or ""
    return codec not in _WITHOUT_DELAY and not codec.startswith("pcm_")


def difference(
    sources: Sequence[MediaInfo], lengths: Sequence[Fraction], kind: Kind, is_exact: bool = True
) -> str | None:
    """Why streams of a kind cannot be copied into segments that take `lengths` seconds; None where
    they can. Not exact: sound that moves by some milliseconds at each join is good enough."""
    first = sources[0]
    if not first.streams(kind):
        return f"input 0 has no {kind}"
    for n, (other, seconds) in enumerate(zip(sources, lengths, strict=True)):
        found = _no_file(first, other) or _unlike(first, other, kind)
        if found is None and kind is Kind.VIDEO:
            found = _untimely_picture(other.video[0], other, seconds)
        if found is None and kind is Kind.AUDIO:
            found = _untimely_sound(other, seconds, _EXACT_MS if is_exact else _TOGETHER_MS)
        if found:
            return f"input {n} {found}"
    return None


def _no_file(first: MediaInfo, other: MediaInfo) -> str | None:
    if not other.format or other.format != first.format:
        return f"is {other.format or 'no file'}"
    return None if other.duration_is_exact else "has no sure length"


def _unlike(first: MediaInfo, other: MediaInfo, kind: Kind) -> str | None:
    mine, its = first.streams(kind), other.streams(kind)
    if len(mine) != len(its):
        return "has other streams than the first"
    if [stream.index for stream in mine] != [stream.index for stream in its]:
        return "has its streams in another order"
    for one, another in zip(mine, its, strict=True):
        for trait in _VIDEO_TRAITS if kind is Kind.VIDEO else _AUDIO_TRAITS:
            if getattr(one, trait) != getattr(another, trait):
                word = trait.replace("_", " ")
                return f"has {word} {getattr(another, trait)} instead of {getattr(one, trait)}"
    return None


def _untimely_picture(video: VideoStream, source: MediaInfo, seconds: Fraction) -> str | None:
    rate = video.grid_rate
    if video.rotation:
        return "is turned by its display matrix"
    if video.lacks_times:
        return "is stored without the times at which its pictures are shown"
    if video.frame_count or rate is None:
        return "has frames at no constant rate"
    frame_ms = 1000 / rate
    if video.duration_ms is None or abs(video.duration_ms - 1000 * seconds) > _TOGETHER_MS:
        return "has picture and sound of different lengths"
    if video.start_ms - source.start_ms > frame_ms + _EXACT_MS:
        return "has a picture that begins late"
    shown = video.duration_ms / frame_ms
    if video.stored_frames and abs(video.stored_frames - shown) > Fraction(3, 4):
        return "has frames that are not shown"
    return None


def _untimely_sound(source: MediaInfo, seconds: Fraction, room_ms: int) -> str | None:
    for track in source.audio:
        if track.start_ms - source.start_ms > room_ms:
            return "has sound that begins late"
        if track.duration_ms is None or abs(track.duration_ms - 1000 * seconds) > room_ms:
            return "has sound that is not as long as its picture"
    return None
