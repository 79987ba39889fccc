from dataclasses import replace
from typing import Any

import pytest

from operators.colorimetry import (
    as_sdr,
    converted,
    flattened,
    in_rgb,
    in_yuv,
    narrowed,
    needs_narrowing,
    stated,
    told,
    usual_matrix,
)
from operators.filtergraph import Filter
from operators.media import VideoStream
from tests.helpers.infos import video

_PLAIN: dict[str, Any] = {"color_space": None, "color_range": None}
PQ: dict[str, Any] = {
    "pixel_format": "yuv420p10le", "color_space": "bt2020nc", "color_primaries": "bt2020",
    "color_transfer": "smpte2084",
}  # fmt: skip


def text(filters: tuple[Filter, ...]) -> str:
    return ",".join(map(str, filters))


@pytest.mark.parametrize(
    ("given", "space", "spread"),
    [
        (video(**_PLAIN), "bt709", "tv"),
        (video(720, 1280, **_PLAIN), "bt709", "tv"),
        (video(640, 480, **_PLAIN), "smpte170m", "tv"),
        (video(720, 576, **_PLAIN), "bt470bg", "tv"),
        (video(1920, 1080, codec="vp8", **_PLAIN), "bt470bg", "tv"),
        (video(pixel_format="yuvj420p", **_PLAIN), "bt709", "pc"),
        (video(color_space="smpte170m", color_range="pc"), "smpte170m", "pc"),
        (video(color_space="gbr", color_range=None), "bt709", "tv"),
        (video(pixel_format="rgb24", **_PLAIN), None, None),
    ],
)
def test_what_is_not_said_is_what_players_suppose(
    given: VideoStream, space: str | None, spread: str | None
) -> None:
    meant = stated(given)
    assert (meant.color_space, meant.color_range) == (space, spread)
    assert stated(meant) == meant


def test_only_yuv_needs_words() -> None:
    assert told(video(pixel_format="rgba")) is None
    said = told(video(color_primaries="ebu3213", color_transfer="bt709", color_space="bt709"))
    assert str(said) == "setparams=range=tv:color_trc=bt709:colorspace=bt709"


def test_rgb_becomes_yuv_by_the_matrix_of_its_size() -> None:
    still = video(1280, 720, pixel_format="rgb24", **_PLAIN)
    hd = in_yuv(still, "yuv420p")
    assert (hd.color_space, hd.color_range, hd.color_primaries) == ("bt709", "tv", "bt709")
    assert text(converted(still, hd)) == (
        "scale=out_color_matrix=bt709:out_range=tv,format=pix_fmts=yuv420p,"
        "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    )
    assert in_yuv(replace(still, width=320, height=240), "yuvj420p").color_range == "pc"
    assert usual_matrix(320, 240) == "smpte170m"


def test_yuv_becomes_rgb_by_its_own_matrix() -> None:
    given = video(color_space="smpte170m", color_range="pc")
    assert text(converted(given, in_rgb(given, "rgba"))) == (
        "scale=in_color_matrix=bt601:in_range=pc,format=pix_fmts=rgba"
    )


def test_what_is_alike_is_left_alone() -> None:
    given = video()
    assert converted(given, given) == ()
    assert text(converted(given, in_yuv(given, "yuva420p"))) == "format=pix_fmts=yuva420p"
    full = video(pixel_format="yuvj420p", color_range="pc")
    assert text(converted(full, in_yuv(full, "yuva420p"))).startswith(
        "scale=in_color_matrix=bt709:in_range=pc:out_color_matrix=bt709:out_range=pc,"
    )
    rgb = video(pixel_format="rgb24")
    assert text(converted(rgb, in_rgb(rgb, "gbrp"))) == "format=pix_fmts=gbrp"
    grey = video(pixel_format="gray", **_PLAIN)
    assert text(converted(grey, in_yuv(grey, "yuv420p"))).startswith(
        "scale=in_color_matrix=bt601:in_range=pc:out_color_matrix=bt709:out_range=tv,"
    )


def test_hdr_becomes_sdr_with_its_highlights_rolled_off() -> None:
    given = video(**PQ)
    made = text(converted(given, replace(as_sdr(given), pixel_format="yuv420p")))
    assert "zscale=transferin=smpte2084:matrixin=bt2020nc:primariesin=bt2020:rangein=tv" in made
    assert "tonemap=tonemap=hable" in made
    assert made.endswith("colorspace=bt709")


def test_sdr_lies_in_hdr_as_bright_as_paper() -> None:
    logo = video(pixel_format="rgba", **_PLAIN)
    made = text(converted(logo, in_yuv(video(**PQ), "yuva420p10le")))
    assert made.startswith("format=pix_fmts=gbrap,zscale=transferin=bt709:matrixin=gbr")
    assert "npl=203" in made
    assert "tonemap" not in made


def test_hdr_becomes_rgb_by_way_of_yuv() -> None:
    given = video(**PQ)
    made = text(converted(given, in_rgb(as_sdr(given), "rgb24")))
    assert made.endswith("scale=in_color_matrix=bt709:in_range=tv,format=pix_fmts=rgb24")


def test_what_is_transparent_stands_on_black() -> None:
    for name, planes in (("rgba", "gbrap"), ("rgba64be", "gbrap16le"), ("yuva420p", "yuva420p")):
        filters, made = flattened(video(pixel_format=name))
        assert text(filters) == f"format=pix_fmts={planes},premultiply=inplace=1"
        assert made.pixel_format == planes


def test_the_range_that_not_everything_keeps() -> None:
    full = video(pixel_format="yuvj422p", color_range="pc")
    assert needs_narrowing(full)
    assert narrowed(full).pixel_format == "yuv422p"
    assert not needs_narrowing(video(pixel_format="yuv420p10le", color_range="pc"))
    assert not needs_narrowing(video(pixel_format="rgb24", color_range="pc"))
