from dataclasses import replace

import pytest

from app.engine.verify import tolerance_ms, verify
from app.errors import Failure
from operators.media import MediaInfo
from tests.helpers.infos import clip, video

PLANNED = clip()


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


def test_a_frame_more_or_less_is_as_planned() -> None:
    verify(PLANNED, replace(PLANNED, duration_ms=10_040))
    assert tolerance_ms(PLANNED) == 50  # two MP3 frames at 48 kHz, and rounding


def test_where_the_input_guessed_the_length_is_not_compared() -> None:
    verify(replace(PLANNED, duration_is_exact=False), replace(PLANNED, duration_ms=5_000))
