from dataclasses import replace
from fractions import Fraction

import pytest

from app.engine.verify import tolerance_ms, verify
from app.errors import Failure
from operators.media import MediaInfo
from tests.helpers.infos import audio, clip, video

PLANNED = clip()


def shown(**other: object) -> MediaInfo:
    return clip(picture=video(**other))  # type: ignore[arg-type]


def heard(**other: object) -> MediaInfo:
    return replace(clip(), audio=(audio(**other),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("actual", "code"),
    [
        (replace(PLANNED, video=()), "OUTPUT_INVALID"),
        (replace(PLANNED, audio=()), "OUTPUT_INVALID"),
        (clip(picture=video(640, 360)), "OUTPUT_INVALID"),
        (replace(PLANNED, duration_ms=9_900), "OUTPUT_INVALID"),
        (replace(PLANNED, duration_ms=10_100), "OUTPUT_INVALID"),
        (replace(PLANNED, duration_ms=0), "OUTPUT_EMPTY"),
        (replace(PLANNED, duration_ms=None), "OUTPUT_EMPTY"),
    ],
)
def test_what_is_not_as_planned_is_refused(actual: MediaInfo, code: str) -> None:
    with pytest.raises(Failure, match=code):
        verify(PLANNED, actual)


@pytest.mark.parametrize(
    ("planned", "actual", "what"),
    [
        (shown(), shown(codec="hevc"), "codec is hevc instead of h264"),
        (shown(rotation=90), shown(), "rotation is 0 instead of 90"),
        (shown(sar=Fraction(4, 3)), shown(), "shape of pixels is 1.00:1 instead of 1.33:1"),
        (shown(pixel_format="yuva420p"), shown(), "transparency is lost"),
        (shown(pixel_format="yuv420p10le"), shown(), "depth is 8 bits instead of 10 bits"),
        (shown(field_order="bb"), shown(field_order="tt"), "first field is tff instead of bff"),
        (shown(color_space="bt2020nc"), shown(), "matrix is bt709"),
        (shown(color_range="pc"), shown(), "range is tv"),
        (heard(codec="flac"), heard(codec="flac", channels=1), "1 channels at 48000 Hz"),
        (
            heard(codec="flac", bit_depth=24),
            heard(codec="flac", bit_depth=16),
            "is 16 bits instead of 24 bits",
        ),
        (
            heard(bit_depth=32, is_float=True),
            heard(bit_depth=32),
            "instead of 32 bits of floating point",
        ),
        (heard(start_ms=500), heard(), "begin 500 ms further from each other"),
        (heard(), heard(duration_ms=9_000), "lasts 9000 ms instead of 10000 ms"),
    ],
)
def test_what_a_stream_is_must_be_as_planned(
    planned: MediaInfo, actual: MediaInfo, what: str
) -> None:
    with pytest.raises(Failure, match=what):
        verify(planned, actual)
    verify(planned, planned)


@pytest.mark.parametrize(
    ("planned", "actual"),
    [
        (shown(color_space="bt709"), shown(color_space=None)),  # a container that does not say
        (shown(color_transfer="unknown"), shown(color_transfer="bt709")),
        (shown(field_order=None), shown(field_order="progressive")),
        (shown(sar=Fraction(9, 10)), shown(sar=Fraction(57, 64))),  # as near as GIF can say
        (shown(sar=Fraction(23, 20)), shown(sar=Fraction(74, 64))),
        (heard(), heard(sample_rate=24_000)),  # AAC: half of it is made by the decoder
        (heard(bit_depth=16), heard(bit_depth=24)),
        (shown(pixel_format="yuva444p10le"), shown(pixel_format="yuva444p12le")),  # ProRes 4444
        (heard(start_ms=80), heard()),
    ],
)
def test_what_a_container_cannot_say_is_no_fault(planned: MediaInfo, actual: MediaInfo) -> None:
    verify(planned, actual)


def test_pictures_have_no_starts() -> None:
    still = replace(PLANNED, audio=(), duration_ms=None, video=(video(frame_count=1),))
    verify(still, replace(still, video=(video(frame_count=1, start_ms=900),)))


def test_a_frame_more_or_less_is_as_planned() -> None:
    verify(PLANNED, replace(PLANNED, duration_ms=10_040))
    assert tolerance_ms(PLANNED) == 50  # two MP3 frames at 48 kHz, and rounding


def test_where_the_input_guessed_the_length_is_not_compared() -> None:
    verify(replace(PLANNED, duration_is_exact=False), replace(PLANNED, duration_ms=5_000))
