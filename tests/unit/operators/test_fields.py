from dataclasses import replace

import pytest

from operators.colorimetry import converted, in_yuv
from operators.fields import common_order, first_field, marked, scaled, with_lines_moved, woven
from operators.parameters import Size
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


_LONGER = ["pad=h=92", "fillborders=bottom=2:mode=reflect"]


@pytest.mark.parametrize(
    ("pixels", "height", "made"),
    [
        ("yuv420p", 360, ["scale=w=160:h=360:flags=area:interl=1"]),
        ("yuv422p", 90, ["scale=w=160:h=90:flags=area:interl=1"]),
        (
            "yuv420p10le",
            90,
            [
                "scale=interl=1", "format=pix_fmts=yuv422p10le", "scale=w=160:h=90:flags=area:interl=1",
                *_LONGER, "scale=interl=1", "format=pix_fmts=yuv420p10le", "crop=h=90:y=0",
            ],
        ),
    ],
)  # fmt: skip
def test_fields_have_whole_lines_of_chroma_while_they_are_scaled(
    pixels: str, height: int, made: list[str]
) -> None:
    given = video(field_order="tt", pixel_format=pixels)
    filters = scaled(given, Size(width=160, height=height), "area")
    assert [str(one) for one in filters] == made


def test_fields_have_whole_lines_of_chroma_while_they_become_other_colours() -> None:
    given = video(160, 90, field_order="tt", color_space="bt709")
    to = replace(given, color_space="smpte170m")
    made = [str(one) for one in converted(given, to)]
    assert (made[:2], made[-2]) == (_LONGER, "crop=h=90:y=0")
    whole = replace(given, field_order="progressive")
    assert not {*_LONGER} & {str(one) for one in converted(whole, to)}
