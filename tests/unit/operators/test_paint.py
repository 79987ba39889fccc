from dataclasses import replace

import pytest

from operators.graphics.drawtext import Drawtext
from operators.graphics.overlay import Overlay
from operators.laying import clear, laid, laid_in
from operators.media import VideoStream
from operators.paint import is_exact, plain
from operators.segments import mould
from operators.video.pad import Pad
from operators.video.rotate import Rotate
from tests.helpers.infos import clip, video

HDR = video(
    pixel_format="yuv420p10le", bit_depth=10, color_space="bt2020nc", color_transfer="smpte2084"
)


@pytest.mark.parametrize(
    ("pixels", "word", "comes_out", "over"),
    [
        ("yuv420p", "yuv420", "yuv420p", "yuva420p"),
        ("yuv420p12le", "yuv420p10", "yuv420p10le", "yuva420p10le"),
        ("yuv444p10le", "yuv422p10", "yuv422p10le", "yuva422p10le"),
        ("yuv411p", "yuv444", "yuv444p", "yuva444p"),
        ("rgb24", "rgb", "rgb24", "rgba"),
        ("rgb48be", "rgb", "rgb24", "rgba"),
        ("rgba64be", "rgb", "rgba", "rgba"),
        ("gbrp", "gbrp", "gbrp", "gbrap"),
    ],
)
def test_pictures_are_laid_in_what_keeps_most(
    pixels: str, word: str, comes_out: str, over: str
) -> None:
    base = video(pixel_format=pixels)
    assert laid_in(base) == word
    assert laid(base).pixel_format == comes_out
    assert clear(base).pixel_format == over


def test_a_loss_of_depth_is_said() -> None:
    deep = clip(picture=video(pixel_format="yuv420p12le", bit_depth=12))
    (said,) = Overlay().remarks([deep, clip(sound=0)])
    assert said.message == "pictures are laid together with 10 bits a sample; there are 12"
    assert not Overlay().remarks([clip(), clip(sound=0)])


@pytest.mark.parametrize(
    ("color", "picture", "is_direct"),
    [
        ("white", video(), True),
        ("red", video(), False),
        ("red", video(color_space="smpte170m"), True),
        ("#ff0000", video(pixel_format="rgb24"), True),
        ("black", HDR, True),
        ("white", HDR, False),
    ],
)
def test_where_filters_hit_a_colour(color: str, picture: VideoStream, is_direct: bool) -> None:
    assert is_exact(color, picture) == is_direct


def test_else_paint_lies_on_a_sheet_of_its_own() -> None:
    assert plain("red@0.5") == plain("#ff000080") == "#ff0000"
    source = clip()
    operator = Pad(width=1400, color="red")
    links = operator.compile([source], operator.infer([source]))
    assert [link.filters[-1].name for link in links] == ["pad", "setparams", "pad", "overlay"]
    tilt = Rotate(angle=10, fill="#00ff00")
    assert len(tilt.compile([source], tilt.infer([source]))) == 4


def test_letters_and_their_box_are_two_sheets() -> None:
    source = clip()
    text = Drawtext(text="a", fontcolor="#ff000080", box=True, boxcolor="blue@0.5", end=3)
    links = text.compile([source], text.infer([source]))
    assert len(links) == 4
    assert [f.name for f in links[0].filters][-1] == "colorchannelmixer"
    assert links[2].filters[0].name == "overlay"
    assert dict(links[3].filters[0].options)["enable"]
    plain_text = Drawtext(text="a", fontcolor="blue")
    assert len(plain_text.compile([source], plain_text.infer([source]))) == 3


@pytest.mark.parametrize(
    ("pixels", "moves", "made"),
    [
        ("gbrp", True, "gbrp"), ("rgb24", False, "yuv420p"), ("bgra", True, "gbrap"),
        ("rgb48le", True, "gbrp16le"), ("yuva422p10le", True, "yuva422p10le"),
        ("yuv440p", True, "yuv420p"), ("yuvj444p", True, "yuvj444p"), ("yuv420p14le", True, "yuv420p16le"),
    ],
)  # fmt: skip
def test_segments_keep_what_the_first_has(pixels: str, moves: bool, made: str) -> None:
    first = video(pixel_format=pixels, bit_depth=None, color_space=None, color_range=None)
    shape = mould([clip(picture=replace(first, frame_count=None if moves else 1))])
    assert shape.video is not None
    assert shape.video.pixel_format == made
