import json
from fractions import Fraction

import pytest

from operators.media import Chapter, MediaInfo, Picture, SubtitleStream
from operators.problem import pointer
from tests.helpers.infos import clip, video


def test_json_loses_nothing() -> None:
    info = clip(
        sound=2,
        subtitles=(SubtitleStream(index=3, codec="subrip", language="eng"),),
        chapters=(Chapter(start_ms=0, end_ms=5, title="one"),),
        attached_pictures=(Picture(index=4, codec="png", width=9, height=9),),
    )
    assert MediaInfo.from_json(json.loads(json.dumps(info.to_json()))) == info


def test_a_turned_picture_stands_upright_once_decoded() -> None:
    turned = video(568, 320, rotation=90, sar=Fraction(2))
    upright = turned.upright()
    assert (upright.width, upright.height, upright.rotation, upright.sar) == (
        320,
        568,
        0,
        Fraction(1, 2),
    )
    assert video(rotation=180).upright().width == 1280


def test_the_grid_is_the_nominal_rate_where_the_average_agrees() -> None:
    assert video(rate="37200/1241", nominal_frame_rate=Fraction(30000, 1001)).grid_rate == Fraction(
        30000, 1001
    )
    assert video(rate="25", nominal_frame_rate=Fraction(50)).grid_rate == 25
    assert video(is_vfr=True).grid_rate is None
    assert video(rate=None).grid_rate is None


def test_pointers_escape_what_they_must() -> None:
    assert pointer("a/b", 0, "~") == "/a~1b/0/~0"


def test_another_first_picture_leaves_the_others() -> None:
    info = clip(picture=video(640, 360))
    changed = info.with_video(video(64, 36))
    assert (changed.video[0].width, changed.audio) == (64, info.audio)


def test_media_may_be_given_another_length() -> None:
    shorter = clip(start_ms=40).lasting(2000)
    lengths = {stream.duration_ms for stream in (*shorter.video, *shorter.audio)}
    assert (shorter.duration_ms, shorter.start_ms, lengths) == (2000, 0, {2000})


def test_the_work_of_a_picture_is_counted_in_units_of_720p() -> None:
    assert clip(picture=video(1280, 720, rate="25")).picture_load == 1
    assert clip(picture=video(640, 360, rate="25")).picture_load == 0.25


@pytest.mark.parametrize(
    ("order", "interlaced"), [("tt", True), ("bt", True), ("progressive", False), (None, False)]
)
def test_two_fields_of_different_moments_make_an_interlaced_frame(
    order: str | None, interlaced: bool
) -> None:
    assert video(field_order=order).is_interlaced == interlaced
