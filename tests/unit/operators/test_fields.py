import pytest

from operators.colorimetry import converted, in_yuv
from operators.fields import common_order, first_field, marked, with_lines_moved, woven
from operators.video.rotate import Rotate
from tests.helpers.infos import clip, video


@pytest.mark.parametrize(
    ("order", "first"),
    [("tt", "tff"), ("tb", "tff"), ("bb", "bff"), ("bt", "bff"), ("progressive", None), (None, None)],
)  # fmt: skip
def test_the_words_of_ffmpeg(order: str | None, first: str | None) -> None:
    given = video(field_order=order)
    assert first_field(given) == first
    assert woven(given) == (True if first else None)
    assert [str(f) for f in marked(given)] == ([f"setfield=mode={first}"] if first else [])


def test_an_odd_number_of_lines_changes_the_order() -> None:
    given = video(field_order="tb")
    assert first_field(with_lines_moved(given, 3)) == "bff"
    assert first_field(with_lines_moved(with_lines_moved(given, 3), -1)) == "tff"
    assert with_lines_moved(given, 2) == given
    assert with_lines_moved(video(), 1) == video()


def test_what_follows_each_other_has_one_order_or_none() -> None:
    top, bottom, slow = (
        video(field_order="tt"), video(field_order="bb"), video(field_order="tt", rate="25"),
    )  # fmt: skip
    assert common_order([top, video(field_order="tb")]) == "tt"
    assert common_order([bottom]) == "bb"
    assert (
        common_order([top, bottom]) is common_order([top, slow]) is common_order([video()]) is None
    )


def test_turned_lines_are_no_fields_any_more() -> None:
    source = clip(picture=video(field_order="tt"))
    assert Rotate(angle=90).infer([source]).video[0].field_order is None
    assert Rotate(angle=180).infer([source]).video[0].field_order == "bb"


def test_colours_are_halved_field_by_field() -> None:
    given = video(field_order="tt", pixel_format="yuv422p")
    made = converted(given, in_yuv(given, "yuv420p"))
    assert [str(f) for f in made] == ["scale=interl=1", "format=pix_fmts=yuv420p"]
