"""Is a written file what was planned? Exit 0 is not success; the planned MediaInfo decides."""

from fractions import Fraction

from app.errors import Failure
from operators.media import FLOWING, AudioStream, MediaInfo, Stream
from operators.problem import Code

_AUDIO_FRAME_SAMPLES = 1152  # of MP3, the longest of the common codecs
_IRREGULAR = 4  # a single frame of irregular ones may last as long as so many average ones


def verify(planned: MediaInfo, actual: MediaInfo) -> None:
    """Compare a finished file with the plan: streams, sizes, length. Raises: Failure."""
    for kind in FLOWING:
        wanted, found = len(planned.streams(kind)), len(actual.streams(kind))
        if wanted != found:
            raise _invalid(f"it has {found} {kind} streams instead of {wanted}")
    for expected, seen in zip(planned.video, actual.video, strict=True):
        if (expected.width, expected.height) != (seen.width, seen.height):
            raise _invalid(
                f"its picture is {seen.width}x{seen.height} instead of {expected.width}x{expected.height}"
            )
    wanted_streams: tuple[Stream, ...] = (*planned.video, *planned.audio)
    for wanted_stream, found_stream in zip(
        wanted_streams, (*actual.video, *actual.audio), strict=True
    ):
        _verify_stream(planned, wanted_stream, found_stream)
    _verify_length(planned, actual)


def _verify_stream(planned: MediaInfo, expected: Stream, seen: Stream) -> None:
    if expected.codec != seen.codec:
        raise _invalid(f"a stream is {seen.codec} instead of {expected.codec}")
    lengths = expected.duration_ms, seen.duration_ms
    if planned.duration_is_exact and lengths[0] and lengths[1] is not None:
        off_by = abs(lengths[1] - lengths[0])
        if off_by > tolerance_ms(planned):
            raise _invalid(f"a stream of it lasts {lengths[1]} ms instead of {lengths[0]} ms")


def _verify_length(planned: MediaInfo, actual: MediaInfo) -> None:
    if planned.duration_ms is None:
        return  # a still
    if not planned.duration_ms or not actual.duration_ms:
        raise Failure(code=Code.OUTPUT_EMPTY, message="The output has a length of zero.")
    if not planned.duration_is_exact:
        return
    off_by = abs((actual.duration_ms or 0) - (planned.duration_ms or 0))
    if off_by > tolerance_ms(planned):
        raise _invalid(f"it lasts {actual.duration_ms} ms instead of {planned.duration_ms} ms")


def tolerance_ms(planned: MediaInfo) -> int:
    """One video frame or two audio frames, whichever is longer, and rounding."""
    frames = [
        1000 * (_IRREGULAR if video.is_vfr else 1) / video.frame_rate
        for video in planned.video
        if video.frame_rate
    ]
    frames += [
        Fraction(1000 * _frames(audio) * _AUDIO_FRAME_SAMPLES, audio.sample_rate)
        for audio in planned.audio
    ]
    return round(max(frames, default=Fraction(40))) + 2


def _frames(audio: AudioStream) -> int:
    """Two frames; twice that for MP3, whose length FFmpeg 5 tells with delay and padding."""
    return 4 if audio.codec == "mp3" else 2


def _invalid(what: str) -> Failure:
    return Failure(code=Code.OUTPUT_INVALID, message=f"The output is not what was planned: {what}.")
