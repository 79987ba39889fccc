from fractions import Fraction
from typing import Any

import pytest

from operators.contract import BadParameters
from operators.media import VideoStream
from operators.video.scale import Scale
from tests.helpers.infos import clip, video


def scale(**params: Any) -> Scale:
    made, problems = Scale.read(params, "")
    assert made is not None, problems
    return made


def sized(operator: Scale, picture: VideoStream) -> tuple[int, int]:
    result = operator.infer([clip(picture=picture)]).video[0]
    assert (result.display_width, result.display_height, result.sar) == (
        result.width,
        result.height,
        1,
    )
    return result.width, result.height


@pytest.mark.parametrize(
    ("params", "picture", "size"),
    [
        ({"width": 640}, video(1280, 720), (640, 360)),
        ({"width": 640, "height": -1}, video(1280, 720), (640, 360)),
        ({"height": 333}, video(640, 360), (592, 333)),
        ({"width": "333"}, video(640, 360), (333, 188)),
        ({"width": 1, "height": 1}, video(), (1, 1)),
        ({"height": 288}, video(352, 288, sar=Fraction(64, 45)), (500, 288)),
        ({"width": 2}, video(4000, 10), (2, 2)),
    ],
)
def test_the_missing_side_keeps_the_shape_and_is_even(
    params: dict[str, Any], picture: VideoStream, size: tuple[int, int]
) -> None:
    assert sized(scale(**params), picture) == size


@pytest.mark.parametrize(
    ("params", "chain"),
    [
        ({"width": 640}, "scale=w=640:h=360:flags=bicubic,setsar=sar=1"),
        ({"width": 100, "height": 100}, "scale=w=100:h=100:flags=bicubic,setsar=sar=1"),
        (
            {"width": 100, "height": 100, "fit": "contain", "algorithm": "lanczos"},
            "scale=w=100:h=56:flags=lanczos,pad=w=100:h=100:x=0:y=22,setsar=sar=1",
        ),
        (
            {"width": 100, "height": 100, "fit": "cover"},
            "scale=w=178:h=100:flags=bicubic,crop=w=100:h=100:x=38:y=0:exact=1,setsar=sar=1",
        ),
        ({"width": 640, "fit": "cover"}, "scale=w=640:h=360:flags=bicubic,setsar=sar=1"),
    ],
)
def test_what_is_run(params: dict[str, Any], chain: str) -> None:
    source = clip(sound=2)
    operator = scale(**params)
    (link,) = operator.compile([source], operator.infer([source]))
    assert ",".join(map(str, link.filters)) == chain


def test_sound_is_not_touched_and_the_input_stays_as_it_was() -> None:
    source = clip(sound=2)
    result = scale(width=10, height=10).infer([source])
    assert result.audio == source.audio
    assert source.video[0].width == 1280


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({}, "/width"),
        ({"width": -1, "height": -2}, "/width"),
        ({"width": 0}, "/width"),
        ({"height": 4321}, "/height"),
        ({"width": 7681}, "/width"),
        ({"width": -3}, "/width"),
        ({"width": 10, "fit": "zoom"}, "/fit"),
    ],
)
def test_wrong_parameters_are_named(params: dict[str, Any], pointer: str) -> None:
    made, problems = Scale.read(params, "")
    assert made is None
    assert [p.pointer for p in problems] == [pointer]


def test_a_side_that_would_become_too_long_is_an_error_of_the_media() -> None:
    with pytest.raises(BadParameters, match="width would become 40000"):
        scale(height=100).infer([clip(picture=video(4000, 10))])


@pytest.mark.parametrize("fit", ["contain", "cover"])
def test_rounding_never_pushes_the_picture_over_the_edge(fit: str) -> None:
    for height in range(50, 120):
        operator = scale(width=101, height=height, fit=fit)
        source = clip(picture=video(101, height + 1))
        (link,) = operator.compile([source], operator.infer([source]))
        inner = dict(link.filters[0].options)
        edge = (inner["w"] <= 101, inner["h"] <= height) if fit == "contain" else (
            inner["w"] >= 101, inner["h"] >= height,
        )  # fmt: skip
        assert edge == (True, True)
