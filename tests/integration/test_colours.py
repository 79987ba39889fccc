"""Colours stay what they are, whatever matrix, range and pixel format they pass through, and tags
say what samples are. Measured on decoded samples by an arithmetic of our own (`tests.oracle.colour`)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import Rendered, render
from tests.helpers.specs import file_uri, job, joined, op
from tests.helpers.thinned import thinned
from tests.oracle.colour import Array, difference, light, pictures

BARS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255))
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "5")
_OUTPUT = {
    "destination": "file:///out/o.mp4",
    "codec": {"video": {"codec": "h264", "crf": 5, "preset": "ultrafast"}},
}
HD, SD = (1280, 64), (704, 64)
NEAR = 3.0
"""ΔE that nobody sees."""


def hex_of(colour: tuple[int, int, int]) -> str:
    return "0x" + "".join(f"{value:02x}" for value in colour)


def bars(
    media: Media,
    name: str,
    size: tuple[int, int] = HD,
    pixels: str = "rgb24",
    matrix: str | None = None,
    tags: tuple[str, str, str] | None = None,
    seconds: float = 0,
    spread: str = "tv",
) -> Path:
    """Four upright bars of pure colour; YUV by `matrix`, tagged (matrix, primaries, transfer) or not."""
    width, height = size
    sources = [f"color={hex_of(c)}:s={width // 4}x{height}:r=25" for c in BARS]
    graph = ";".join(f"{source}[b{n}]" for n, source in enumerate(sources))
    graph += ";" + "".join(f"[b{n}]" for n in range(4)) + "hstack=4,format=gbrp"
    if matrix:
        graph += f",scale=out_color_matrix={matrix}:out_range={spread}"
    graph += f",format={pixels}"
    words = ["-frames:v", "1"] if not seconds else ["-t", str(seconds)]
    if tags:
        space, primaries, transfer = tags
        graph += f",setparams=colorspace={space}:color_primaries={primaries}:color_trc={transfer}:range={spread}"
        words += ["-colorspace", space, "-color_primaries", primaries, "-color_trc", transfer, "-color_range", spread]  # fmt: skip
    elif matrix:
        graph += ",setparams=colorspace=unknown"
    if name.endswith((".mp4", ".mkv", ".mov")):
        words += _X264
    return media.made(name, "-f", "lavfi", "-i", graph, *words)


def patches(
    binaries: Tools, path: Path, corner: tuple[int, int] = (0, 0), size: tuple[int, int] | None = None, frame: int = 0
) -> list[Array]:  # fmt: skip
    """The colours in the middle of four bars that fill `size` from `corner` on."""
    found = pictures(binaries, path).rgb[frame]
    width, height = size or (found.shape[1], found.shape[0])
    row = corner[1] + height // 2
    return [found[row, corner[0] + width * (2 * n + 1) // 8] for n in range(4)]


def assert_bars(found: list[Array], near: float = NEAR) -> None:
    far = [difference(seen, np.array(c) / 255) for seen, c in zip(found, BARS, strict=True)]
    assert max(far) < near, (far, [np.round(c * 255) for c in found])


SOURCES: dict[str, dict[str, Any]] = {
    "png": {"name": "bars.png"},
    "jpg": {"name": "bars.jpg", "pixels": "yuvj444p", "matrix": "bt601", "spread": "pc"},
    "webp": {"name": "bars.webp", "pixels": "yuv420p", "matrix": "bt601"},
    "png sd": {"name": "bars.png", "size": SD},
    "untagged hd": {"name": "hd.mp4", "pixels": "yuv420p", "matrix": "bt709", "seconds": 0.4},
    "untagged sd": {
        "name": "sd.mp4", "pixels": "yuv420p", "matrix": "bt601", "seconds": 0.4, "size": SD,
    },
    "untagged upright": {
        "name": "up.mp4", "pixels": "yuv420p", "matrix": "bt709", "seconds": 0.4, "size": (720, 1280),
    },
    "hd tagged 601": {
        "name": "hd601.mp4", "pixels": "yuv420p", "matrix": "bt601", "seconds": 0.4,
        "tags": ("smpte170m", "smpte170m", "smpte170m"),
    },
    "sd tagged 709": {
        "name": "sd709.mp4", "pixels": "yuv422p", "matrix": "bt709", "seconds": 0.4, "size": SD,
        "tags": ("bt709", "bt709", "bt709"),
    },
    "full range": {
        "name": "full.mp4", "pixels": "yuvj420p", "matrix": "bt709", "seconds": 0.4, "spread": "pc",
        "tags": ("bt709", "bt709", "bt709"),
    },
    "ten bits": {
        "name": "deep.mp4", "pixels": "yuv422p10le", "matrix": "bt709", "seconds": 0.4,
        "tags": ("bt709", "bt709", "bt709"),
    },
    "rgb video": {"name": "rgb.mkv", "pixels": "gbrp", "seconds": 0.4},
}  # fmt: skip


def coloured(media: Media, kind: str) -> Path:
    return _rgb_video(media) if kind == "rgb video" else bars(media, **SOURCES[kind])


def _rgb_video(media: Media) -> Path:
    still = bars(media, "for_video.png")
    words = ("-loop", "1", "-t", "0.4", "-r", "25", "-i", str(still), "-c:v", "ffv1")
    return media.made("rgb.mkv", *words, source=still)


def _input(source: Path) -> dict[str, Any]:
    return {"source": file_uri(str(source)), "duration": "400ms"}


def _rendered(
    source: Path, name: str, tmp_path: Path, binaries: Tools, *operations: dict[str, Any], **codec: Any
) -> Rendered:  # fmt: skip
    output = {
        "destination": f"file:///out/{name}",
        **({"codec": {"video": codec}} if codec else {}),
    }
    reference = operations[-1]["output"] if operations else "src"
    spec = job(source, *operations, **{reference: output})
    if source.suffix in (".png", ".jpg", ".webp") and not name.endswith((".png", ".jpg", ".webp")):
        spec["inputs"][0].update(_input(source))
    return render(spec, tmp_path, binaries)


TARGETS: list[tuple[str, dict[str, Any]]] = [
    ("o.mp4", {"codec": "h264", "crf": 5, "preset": "ultrafast"}),
    ("o.mp4", {"codec": "hevc", "crf": 5, "preset": "ultrafast"}),
    ("o.webm", {"codec": "vp9", "crf": 5, "preset": "ultrafast"}),
    ("o.mov", {"codec": "prores"}),
    ("o.mkv", {"codec": "ffv1"}),
    ("o.gif", {}),
    ("o.png", {}),
    ("o.jpg", {}),
    ("o.webp", {}),
]


@pytest.mark.parametrize(("target", "kind"), thinned(TARGETS, SOURCES))
def test_every_source_in_every_target(
    target: tuple[str, dict[str, Any]], kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    (name, codec), source = target, coloured(media, kind)
    moved: tuple[dict[str, Any], ...] = ()
    if name.endswith((".png", ".jpg", ".webp")) and source.suffix in (".mp4", ".mkv"):
        moved = (op("thumbnail", "src", "t", time=0),)
    (path,) = _rendered(source, name, tmp_path, binaries, *moved, **codec).paths
    assert_bars(patches(binaries, path), near=6 if name.endswith((".jpg", ".webp")) else NEAR)


OPERATIONS: list[dict[str, Any]] = [
    op("scale", "src", "o", width=320),
    op("scale", "src", "o", width=640, height=320, fit="contain"),
    op("pad", "src", "o", width=1301),
    op("rotate", "src", "o", angle=180),
    op("crop", "src", "o", width=704, height=62),
    op("fps", "src", "o", fps=30),
    op("drawtext", "src", "o", text="."),
    op("deinterlace", "src", "o"),
    op("fade", "src", "o", type="out", duration=0.1),
]


@pytest.mark.parametrize(("made", "kind"), thinned(OPERATIONS, SOURCES))
def test_no_operator_turns_colours(
    made: dict[str, Any], kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = coloured(media, kind)
    (path,) = _rendered(
        source, "o.mp4", tmp_path, binaries, made, codec="h264", crf=5, preset="ultrafast"
    ).paths
    assert_all_bars(pictures(binaries, path).rgb[0])


def assert_all_bars(picture: Array) -> None:
    """Each of the four colours somewhere, and by what it is next to what is no bar at all."""
    colours = _flat_colours(picture)
    for wanted in BARS:
        near = min(difference(seen, np.array(wanted) / 255) for seen in colours)
        assert near < NEAR, (wanted, near, colours)


def _flat_colours(picture: Array) -> list[Array]:
    """The colours of which there is much."""
    cells = np.round(picture[::2, ::2] * 127).astype(int).reshape(-1, 3)
    kinds, counts = np.unique(cells, axis=0, return_counts=True)
    return [
        kind / 127 for kind, count in zip(kinds, counts, strict=True) if count > len(cells) / 100
    ]


LOOKS = {
    "hd": {"pixels": "yuv420p", "matrix": "bt709", "size": HD},
    "hd tagged": {
        "pixels": "yuv420p", "matrix": "bt709", "size": HD, "tags": ("bt709", "bt709", "bt709"),
    },
    "sd": {"pixels": "yuv420p", "matrix": "bt601", "size": SD},
    "sd tagged": {
        "pixels": "yuv420p", "matrix": "bt601", "size": SD, "tags": ("bt470bg", "bt470bg", "bt709"),
    },
    "full": {
        "pixels": "yuvj420p", "matrix": "bt709", "spread": "pc", "tags": ("bt709", "bt709", "bt709"),
    },
    "deep": {"pixels": "yuv420p10le", "matrix": "bt709", "tags": ("bt709", "bt709", "bt709")},
}  # fmt: skip


def _looking(media: Media, look: str) -> Path:
    if look == "png":
        return bars(media, "look.png")
    if look == "rgb video":
        return _rgb_video(media)
    return bars(media, f"{look.replace(' ', '_')}.mp4", seconds=0.4, **LOOKS[look])


@pytest.mark.parametrize(
    ("first", "second"), thinned(["png", "rgb video", *LOOKS], ["png", "rgb video", *LOOKS])
)
def test_what_is_joined_looks_alike(
    first: str, second: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [_looking(media, look) for look in (first, second)]
    spec = joined("concat", sources, _OUTPUT, width=640, height=32)
    for given, source in zip(spec["inputs"], sources, strict=True):
        if source.suffix == ".png":
            given["duration"] = "400ms"
    (path,) = render(spec, tmp_path, binaries).paths
    for frame in (2, 17):
        assert_all_bars(pictures(binaries, path).rgb[frame])


@pytest.mark.parametrize(
    ("base", "top"), thinned(["rgb video", *LOOKS], ["png", "rgb video", *LOOKS])
)
def test_a_logo_has_its_colours_on_every_picture(
    base: str, top: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [_looking(media, base), _looking(media, top)]
    spec = joined(
        "overlay", sources, _OUTPUT, position="custom", x=0, y=0, scale=0.25, opacity=0.999
    )
    (path,) = render(spec, tmp_path, binaries).paths
    size = SD if top.startswith("sd") else HD
    assert_bars(patches(binaries, path, (0, 0), (size[0] // 4, size[1] // 4)), 4)


@pytest.mark.parametrize("name", ["overlay", "concat", "xfade"])
@pytest.mark.parametrize("looks", [("sd", "sd tagged"), ("sd tagged", "sd")], ids=" ".join)
def test_one_matrix_may_have_two_names(
    name: str, looks: tuple[str, str], media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """The outcome has the name that was planned: that of the first."""
    sources = [_looking(media, look) for look in looks]
    params = {"xfade": {"duration": "200ms"}}.get(name, {})
    (path,) = render(joined(name, sources, _OUTPUT, **params), tmp_path, binaries).paths
    assert_bars(patches(binaries, path, (0, 0), SD), 4)


@pytest.mark.parametrize("pixels", ["rgb24", "rgba"])
def test_a_logo_in_hdr_is_as_bright_as_paper(
    pixels: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    for transfer in ("smpte2084", "arib-std-b67"):
        base = media.made(
            f"{transfer}.mp4", "-f", "lavfi", "-i",
            "color=black:s=1280x64:r=25:d=0.4,scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,"
            f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=tv",
            *_X264, "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", transfer,
        )  # fmt: skip
        logo = media.made(
            "white.png", "-f", "lavfi", "-i",
            f"color=white:s=320x32,format={pixels},pad=640:32:color=red@0", "-frames:v", "1",
        )  # fmt: skip
        output = {
            "destination": "file:///out/o.mp4",
            "codec": {"video": {"codec": "h264", "crf": 5}},
        }
        spec = joined("overlay", [base, logo], output, position="top_left", margin=0)
        (path,) = render(spec, tmp_path, binaries).paths
        found = pictures(binaries, path)
        assert found.tags["color_transfer"] == transfer
        bright = light(found.rgb[0, 16, 160], transfer)
        assert bright == pytest.approx(203, rel=0.1)
        behind = light(found.rgb[0, 16, 480], transfer)
        assert max(behind) < 1 or pixels == "rgb24"


@pytest.mark.parametrize("first", ["hdr", "sdr"])
def test_hdr_beside_sdr_is_as_bright(
    first: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Grey of 100 cd/m² in both."""
    hdr = media.made(
        "grey_pq.mp4", "-f", "lavfi", "-i",
        "color=0x828282:s=1280x64:r=25:d=0.4,scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,"
        "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv",
        *_X264, "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "smpte2084",
    )  # fmt: skip
    sdr = media.made(
        "grey.mp4", "-f", "lavfi", "-i",
        "color=0xb5b5b5:s=1280x64:r=25:d=0.4,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
        "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
        *_X264, "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
    )  # fmt: skip
    sources = [hdr, sdr] if first == "hdr" else [sdr, hdr]
    output = {"destination": "file:///out/o.mp4", "codec": {"video": {"codec": "h264", "crf": 5}}}
    (path,) = render(joined("concat", sources, output), tmp_path, binaries).paths
    found = pictures(binaries, path)
    assert found.tags["color_transfer"] == ("smpte2084" if first == "hdr" else "bt709")
    shown = [light(found.rgb[n, 32, 640], found.tags["color_transfer"])[0] for n in (2, 17)]
    assert shown[1] == pytest.approx(shown[0], rel=0.35), shown


def test_a_still_of_hdr_is_tone_mapped(media: Media, binaries: Tools, tmp_path: Path) -> None:
    base = media.made(
        "hlg_bars.mp4", "-f", "lavfi", "-i",
        "color=0xbfbfbf:s=1280x64:r=25:d=0.4,scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,"
        "setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=arib-std-b67:range=tv",
        *_X264, "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "arib-std-b67",
    )  # fmt: skip
    for name in ("o.jpg", "o.png", "o.webp"):
        spec = job(base, op("thumbnail", "src", "t", time=0), t=Path("/out") / name)
        (path,) = render(spec, tmp_path, binaries).paths
        grey = pictures(binaries, path).rgb[0, 30, 300] * 255
        assert max(grey) - min(grey) < 4, name
        assert 150 < grey[0] < 245, (name, grey)


PAINTED = {
    "pad": op("pad", "src", "o", width=1480, x=200, color="#ff0000"),
    "rotate": op("rotate", "src", "o", angle=30, fill="red"),
    "drawtext": op("drawtext", "src", "o", text="███", fontsize=60, fontcolor="red"),
    "box": op(
        "drawtext",
        "src",
        "o",
        text="█  █",
        fontsize=40,
        fontcolor="#00ff0080",
        box=True,
        boxcolor="red@1",
    ),
}


def _grey(media: Media, look: str) -> Path:
    """A grey picture of 1280 x 64 with 720 lines' matrix, or HDR."""
    space, primaries, transfer, pixels = GREYS[look]
    matrix = {"bt2020nc": "bt2020", "smpte170m": "bt601"}.get(space, "bt709")
    return media.made(
        f"{look}.mp4", "-f", "lavfi", "-i",
        f"color=0x404040:s=1280x64:r=25:d=0.4,format=gbrp,scale=out_color_matrix={matrix}:out_range=tv,"
        f"format={pixels},setparams=colorspace={space}:color_primaries={primaries}:color_trc={transfer}:range=tv",
        *_X264, *(("-colorspace", space, "-color_primaries", primaries, "-color_trc", transfer) if primaries != "unknown" else ()),
    )  # fmt: skip


GREYS = {
    "grey_untagged": ("unknown", "unknown", "unknown", "yuv420p"),
    "grey_709": ("bt709", "bt709", "bt709", "yuv420p"),
    "grey_601": ("smpte170m", "smpte170m", "smpte170m", "yuv422p"),
    "grey_deep": ("bt709", "bt709", "bt709", "yuv420p10le"),
    "grey_pq": ("bt2020nc", "bt2020", "smpte2084", "yuv420p10le"),
    "grey_hlg": ("bt2020nc", "bt2020", "arib-std-b67", "yuv420p10le"),
}


@pytest.mark.parametrize(("painter", "look"), thinned(PAINTED, GREYS, keep=3))
def test_paint_has_the_colour_that_was_asked_for(
    painter: str, look: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    (path,) = _rendered(
        _grey(media, look), "o.mp4", tmp_path, binaries, PAINTED[painter],
        codec="h264", crf=5, preset="ultrafast",
    ).paths  # fmt: skip
    found = pictures(binaries, path)
    transfer = str(found.tags.get("color_transfer"))
    if transfer in ("smpte2084", "arib-std-b67"):
        red = np.array([0.6274, 0.0691, 0.0164]) * 203  # BT.709's red in BT.2020
        shown = light(found.rgb[0], transfer)
        far = np.abs(shown - red).max(-1) / 203
        assert np.sort(far.ravel())[200] < 0.13  # HLG's system gamma, which zscale takes per colour
        grey = np.abs(found.rgb[0] - 0x40 / 255).max(-1)
        if painter in ("pad", "rotate"):
            assert (grey < 4 / 255).mean() > (0.7 if painter == "pad" else 0.05)
        return
    flat = found.rgb[0].reshape(-1, 3)
    far = np.abs(flat - np.array([1, 0, 0])).max(-1)
    assert np.sort(far)[200] < 5 / 255, np.sort(far)[200] * 255
    if painter in ("pad", "rotate"):
        grey = np.abs(flat - 0x40 / 255).max(-1)
        assert (grey < 4 / 255).mean() > (0.7 if painter == "pad" else 0.05)
