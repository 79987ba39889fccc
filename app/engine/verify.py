"""Is a written file what was planned? Exit 0 is not success; the planned MediaInfo decides."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from app.errors import Failure
from operators.fields import first_field
from operators.media import FLOWING, AudioStream, MediaInfo, Stream, VideoStream
from operators.pixels import pixels_of
from operators.problem import Code

_AUDIO_FRAME_SAMPLES = 1152  # of MP3, the longest of the common codecs
_FLAC_SAMPLES = 4608  # FFmpeg 5 tells a whole frame where the last one is shorter
_IRREGULAR = 4  # a single frame of irregular ones may last as long as so many average ones
_OUT_OF_STEP_MS = 100  # decoders of Windows Media hold back nearly that much
_FLOAT = 0.5
_SAME_SHAPE = Fraction(1, 20)
_UNSAID = (None, "unknown", "unspecified", "reserved")

Fact = Callable[[Any], object]
"""What a stream is; None where nothing is known of it."""


def verify(planned: MediaInfo, actual: MediaInfo) -> None:
    """Compare a finished file with the plan: its streams, what they are, starts and lengths.

    Raises: Failure.
    """
    for kind in FLOWING:
        wanted, found = len(planned.streams(kind)), len(actual.streams(kind))
        if wanted != found:
            raise not_as_planned(f"it has {found} {kind} streams instead of {wanted}")
    for expected, seen in pairs(planned, actual):
        _verify_facts(expected, seen)
        if planned.duration_is_exact and not late_ms(planned, actual, expected, seen):
            _verify_stream_length(expected, seen, tolerance_ms(planned))
    if planned.duration_is_exact:
        _verify_starts(planned, actual)
    _verify_length(planned, actual)


def pairs(planned: MediaInfo, actual: MediaInfo) -> list[tuple[Stream, Stream]]:
    """Streams as planned and as found."""
    wanted: tuple[Stream, ...] = (*planned.video, *planned.audio)
    return list(zip(wanted, (*actual.video, *actual.audio), strict=True))


def late_ms(planned: MediaInfo, actual: MediaInfo, expected: Stream, seen: Stream) -> int:
    """How much later than planned sound begins that ends on time: it was cut where its input has a
    hole. 0 of all other streams."""
    if not isinstance(seen, AudioStream) or not expected.duration_ms or seen.duration_ms is None:
        return 0
    late = (seen.start_ms - actual.start_ms) - (expected.start_ms - planned.start_ms)
    is_on_time = abs(late + seen.duration_ms - expected.duration_ms) <= tolerance_ms(planned)
    return late if late > tolerance_ms(planned) and is_on_time else 0


def _verify_facts(expected: Stream, seen: Stream) -> None:
    """What is known of both must be the same: some containers tell less than was planned."""
    for name, fact in (_OF_PICTURE if isinstance(expected, VideoStream) else _OF_SOUND).items():
        wanted, found = fact(expected), fact(seen)
        if wanted not in _UNSAID and found not in _UNSAID and wanted != found:
            raise not_as_planned(f"its {name} is {found} instead of {wanted}")
    if isinstance(expected, VideoStream) and isinstance(seen, VideoStream):
        _verify_shape(expected, seen)
    bits, least = _depth(seen), _depth(expected)
    if bits and least and bits < least:  # more: what some decoders make of it
        raise not_as_planned(f"its depth is {_bits(bits)} instead of {_bits(least)}")


def _verify_shape(expected: VideoStream, seen: VideoStream) -> None:
    """As near as containers tell it: GIF in 64ths, WebM by whole pixels."""
    if abs(seen.sar / expected.sar - 1) > _SAME_SHAPE:
        shapes = f"{float(seen.sar):.2f}:1 instead of {float(expected.sar):.2f}:1"
        raise not_as_planned(f"its shape of pixels is {shapes}")


def _size(video: VideoStream) -> str:
    return f"{video.width}x{video.height}"


def _transparency(video: VideoStream) -> str | None:
    if video.pixel_format is None:
        return None
    return "kept" if pixels_of(video.pixel_format).has_alpha else "lost"


def _depth(stream: Stream) -> float | None:
    """Bits of a sample; floating-point ones are deeper than any other of their size."""
    if isinstance(stream, AudioStream):
        return stream.bit_depth and stream.bit_depth + (_FLOAT if stream.is_float else 0)
    assert isinstance(stream, VideoStream)
    return pixels_of(stream.pixel_format).depth if stream.pixel_format else None


def _bits(depth: float) -> str:
    return f"{int(depth)} bits" if depth == int(depth) else f"{int(depth)} bits of floating point"


def _channels(audio: AudioStream) -> str | None:
    """Of AAC, what is stored may be half of what a decoder makes of it (parametric stereo, SBR)."""
    return None if audio.codec == "aac" else f"{audio.channels} channels at {audio.sample_rate} Hz"


_OF_PICTURE: Mapping[str, Fact] = {
    "codec": lambda video: video.codec,
    "picture": _size,
    "rotation": lambda video: video.rotation,
    "transparency": _transparency,
    "first field": first_field,
    "matrix": lambda video: video.color_space,
    "primaries": lambda video: video.color_primaries,
    "transfer": lambda video: video.color_transfer,
    "range": lambda video: video.color_range,
}
_OF_SOUND: Mapping[str, Fact] = {
    "codec": lambda audio: audio.codec,
    "sound": _channels,
}


def _verify_stream_length(expected: Stream, seen: Stream, tolerance: int) -> None:
    lengths = expected.duration_ms, seen.duration_ms
    if lengths[0] and lengths[1] is not None and abs(lengths[1] - lengths[0]) > tolerance:
        raise not_as_planned(f"a stream of it lasts {lengths[1]} ms instead of {lengths[0]} ms")


def _verify_starts(planned: MediaInfo, actual: MediaInfo) -> None:
    """Whether streams begin as far from each other as planned."""
    offsets = [
        seen.start_ms - expected.start_ms
        for expected, seen in pairs(planned, actual)
        if not late_ms(planned, actual, expected, seen)
    ]
    if not offsets or planned.is_still:
        return
    apart = max(offsets) - min(offsets)
    if apart > tolerance_ms(planned) + _OUT_OF_STEP_MS:
        raise not_as_planned(f"its streams begin {apart} ms further from each other")


def _verify_length(planned: MediaInfo, actual: MediaInfo) -> None:
    if planned.duration_ms is None:
        return  # a still
    if not planned.duration_ms or not actual.duration_ms:
        raise Failure(code=Code.OUTPUT_EMPTY, message="The output has a length of zero.")
    if not planned.duration_is_exact:
        return
    off_by = abs((actual.duration_ms or 0) - (planned.duration_ms or 0))
    if off_by > tolerance_ms(planned):
        raise not_as_planned(
            f"it lasts {actual.duration_ms} ms instead of {planned.duration_ms} ms"
        )


def tolerance_ms(planned: MediaInfo) -> int:
    """One video frame or two audio frames, whichever is longer, and rounding."""
    frames = [
        1000 * (_IRREGULAR if video.is_vfr else 1) / video.frame_rate
        for video in planned.video
        if video.frame_rate
    ]
    frames += [Fraction(1000 * _samples(audio), audio.sample_rate) for audio in planned.audio]
    return round(max(frames, default=Fraction(40))) + 2


def _samples(audio: AudioStream) -> int:
    """Two frames; twice that for MP3, whose length FFmpeg 5 tells with delay and padding."""
    if audio.codec == "flac":
        return _FLAC_SAMPLES
    return (4 if audio.codec == "mp3" else 2) * _AUDIO_FRAME_SAMPLES


def not_as_planned(what: str) -> Failure:
    """The failure of an output that must not be published."""
    return Failure(code=Code.OUTPUT_INVALID, message=f"The output is not what was planned: {what}.")
