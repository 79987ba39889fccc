"""Transparency: kept where source and target have it; on black, and said, where the target has not.
And depth: what the target can hold of it is kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import Rendered, render
from tests.helpers.specs import file_uri, job, joined, lossless, op
from tests.helpers.thinned import thinned
from tests.oracle.colour import pictures

# left: opaque red; middle: green at 0.6; right: nothing, on white
_HALVES = (
    "color=red:s=64x64:r=25:d=0.4[a];color=0x00ff00@0.6:s=64x64:r=25:d=0.4,format=rgba[b];"
    "color=white@0:s=64x64:r=25:d=0.4,format=rgba[c];[a]format=rgba[d];[d][b][c]hstack=3,format=rgba"
)
CLEAR = {
    "png": ("c.png", ("-frames:v", "1")),
    "webp": ("c.webp", ("-frames:v", "1", "-lossless", "1")),
    "gif": ("c.gif", ("-t", "0.4", "-vf", "geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*gte(alpha(X,Y),100)',split[s][t];[s]palettegen[p];[t][p]paletteuse")),
    "vp9": ("c.webm", ("-t", "0.4", "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "5", "-b:v", "0")),
    "vp8": ("c8.webm", ("-t", "0.4", "-c:v", "libvpx", "-pix_fmt", "yuva420p", "-crf", "4", "-b:v", "2M", "-auto-alt-ref", "0")),
    "prores": ("c.mov", ("-t", "0.4", "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")),
    "ffv1": ("c.mkv", ("-t", "0.4", "-c:v", "ffv1", "-pix_fmt", "bgra")),
}  # fmt: skip


def _clear(media: Media, kind: str) -> Path:
    name, words = CLEAR[kind]
    return media.made(name, "-f", "lavfi", "-i", _HALVES, *words)


def _said(done: Rendered) -> list[str]:
    return [warning.message for warning in done.plan.warnings]


def assert_clear(binaries: Tools, path: Path, *, has_steps: bool, width: int = 192) -> None:
    """Opaque at the left, half in the middle, nothing at the right."""
    found = pictures(binaries, path)
    row, third = found.alpha.shape[1] // 2, width // 3
    seen = [found.alpha[0, row, third * n + third // 2] for n in range(3)]
    wanted = [1, 0.6 if has_steps else 1, 0]
    assert seen == pytest.approx(wanted, abs=0.03), seen
    red = found.rgb[0, row, third // 2]
    assert red == pytest.approx([1, 0, 0], abs=0.04)


TARGETS: list[tuple[str, dict[str, Any]]] = [
    ("o.webm", {"codec": "vp9", "crf": 5}),
    ("o.webm", {"codec": "vp8", "crf": 5}),
    ("o.mov", {"codec": "prores"}),
    ("o.mkv", {"codec": "ffv1"}),
    ("o.gif", {}),
    ("o.png", {}),
    ("o.webp", {}),
]


@pytest.mark.parametrize(("target", "kind"), thinned(TARGETS, CLEAR, keep=5))
def test_transparency_goes_where_it_can(
    target: tuple[str, dict[str, Any]], kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    (name, codec), clear = target, _clear(media, kind)
    is_picture = name.endswith((".png", ".webp"))
    is_still = clear.suffix in (".png", ".webp")
    cut = (op("thumbnail", "src", "t", time=0),) if is_picture and not is_still else ()
    output = {
        "destination": f"file:///out/{name}",
        **({"codec": {"video": codec}} if codec else {}),
    }
    spec = job(clear, *cut, **{"t" if cut else "src": output})
    if is_still and not is_picture:
        spec["inputs"][0]["duration"] = "400ms"
    done = render(spec, tmp_path, binaries)
    assert_clear(binaries, done.paths[0], has_steps="gif" not in (name[2:], clear.suffix[1:]))
    assert not [w for w in _said(done) if "transparen" in w]


@pytest.mark.parametrize(("name", "kind"), thinned(["o.mp4", "o.jpg"], CLEAR, keep=4))
def test_elsewhere_it_stands_on_black_and_that_is_said(
    name: str, kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    clear = _clear(media, kind)
    is_still = clear.suffix in (".png", ".webp")
    cut = (op("thumbnail", "src", "t", time=0),) if name == "o.jpg" and not is_still else ()
    spec = job(clear, *cut, **{"t" if cut else "src": Path("/out") / name})
    if is_still and name == "o.mp4":
        spec["inputs"][0]["duration"] = "400ms"
    done = render(spec, tmp_path, binaries)
    assert [w for w in _said(done) if "becomes black" in w], _said(done)
    found = pictures(binaries, done.paths[0]).rgb[0, 32]
    half = 1.0 if clear.suffix == ".gif" else 0.6
    for at, wanted in ((32, [1, 0, 0]), (96, [0, half, 0]), (160, [0, 0, 0])):
        assert found[at] == pytest.approx(wanted, abs=0.06), at


OPERATIONS: list[dict[str, Any]] = [
    op("scale", "src", "o", width=96),
    op("crop", "src", "o", width=192, height=32),
    op("pad", "src", "o", height=128, color="black@0"),
    op("rotate", "src", "o", angle=180),
    op("fps", "src", "o", fps=50),
    op("trim", "src", "o", start=0, end=0.2),
    op("drawtext", "src", "o", text=".", fontsize=4, position="top_left", margin=0),
]


@pytest.mark.parametrize(
    ("made", "kind"), thinned(OPERATIONS, ["png", "vp9", "prores", "gif"], keep=5)
)
def test_operators_leave_it(
    made: dict[str, Any], kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = _clear(media, kind)
    spec = job(source, made, o=lossless("o.mkv"))
    if kind == "png":
        spec["inputs"][0]["duration"] = "400ms"
    (path,) = render(spec, tmp_path, binaries).paths
    found = pictures(binaries, path)
    row = found.alpha[0, found.alpha.shape[1] // 2]
    third = len(row) // 3
    seen = [row[third * n + third // 2] for n in range(3)]
    if made["op"] == "rotate":
        seen.reverse()
    assert seen == pytest.approx([1, 1 if kind == "gif" else 0.6, 0], abs=0.03)


@pytest.mark.parametrize(
    ("name", "kind"), thinned(["concat", "xfade", "overlay"], ["vp9", "prores", "gif"], keep=4)
)
def test_two_transparent_pictures_make_one(
    name: str, kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = _clear(media, kind)
    params: dict[str, Any] = {"duration": 0.2} if name == "xfade" else {}
    if name == "overlay":
        params = {"position": "custom", "x": 0, "y": 0}
    spec = joined(name, [source, source], lossless("o.mkv"), **params)
    (path,) = render(spec, tmp_path, binaries).paths
    found = pictures(binaries, path).alpha[:, 32]
    half = 1 if kind == "gif" else 0.84 if name == "overlay" else 0.6
    for number in (0, len(found) // 2, len(found) - 1):
        seen = [found[number, 32], found[number, 96], found[number, 160]]
        assert seen == pytest.approx([1, half, 0], abs=0.03), number


DEEP = {
    "png": ("d.png", "rgb48be", ("-frames:v", "1")),
    "png alpha": ("da.png", "rgba64be", ("-frames:v", "1")),
    "ffv1 12": ("d12.mkv", "yuv422p12le", ("-t", "0.2", "-c:v", "ffv1")),
    "ffv1 16": ("d16.mkv", "gbrp16le", ("-t", "0.2", "-c:v", "ffv1", "-level", "3")),
    "hevc 12": ("h12.mp4", "yuv420p12le", ("-t", "0.2", "-c:v", "libx265", "-crf", "4", "-x265-params", "log-level=error")),
    "h264 10": ("h10.mp4", "yuv420p10le", ("-t", "0.2", "-c:v", "libx264", "-crf", "4")),
}  # fmt: skip


def _ramp(media: Media, kind: str) -> Path:
    """A grey that rises by less than a step of 8 bits from pixel to pixel."""
    name, pixels, words = DEEP[kind]
    ramp = "color=black:s=512x64:r=25:d=0.2,format=gbrp16le,geq=r='20000+X*16':g='20000+X*16':b='20000+X*16'"
    return media.made(name, "-f", "lavfi", "-i", f"{ramp},format={pixels}", *words)


BITS: list[tuple[str, dict[str, Any], int]] = [
        ("o.png", {}, 16), ("o.mkv", {"codec": "ffv1"}, 16), ("o.mp4", {"codec": "hevc", "crf": 4}, 12),
        ("o.webm", {"codec": "vp9", "crf": 4}, 12), ("o.mov", {"codec": "prores"}, 10),
        ("o.mp4", {"codec": "h264", "crf": 4}, 10), ("o.mp4", {"codec": "av1", "crf": 4}, 10),
        ("o.mp4", {"codec": "mpeg4"}, 8),
    ]  # fmt: skip


@pytest.mark.parametrize(("target", "kind"), thinned(BITS, DEEP))
def test_depth_is_kept_or_its_loss_is_said(
    target: tuple[str, dict[str, Any], int], kind: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:  # fmt: skip
    name, codec, bits = target
    source = _ramp(media, kind)
    has = 10 if "10" in kind else 12 if "12" in kind else 16
    is_still = source.suffix == ".png"
    cut = (op("thumbnail", "src", "t", time=0),) if name == "o.png" and not is_still else ()
    output = {
        "destination": f"file:///out/{name}",
        **({"codec": {"video": codec}} if codec else {}),
    }
    spec = job(source, *cut, **{"t" if cut else "src": output})
    if is_still and name != "o.png":
        spec["inputs"] = [{"id": "src", "source": file_uri(str(source)), "duration": "200ms"}]
    done = render(spec, tmp_path, binaries)
    row = pictures(binaries, done.paths[0]).rgb[0, 32, :, 1]
    steps = len(np.unique(np.round(row * 65535)))
    # 512 pixels rise by an eighth of the whole: 32 steps of 8 bits, 110 of 10 limited ones, 438 of 12
    least = {8: 20, 10: 90, 12: 300, 16: 500}[min(bits, has)]
    if kind == "png alpha" and name == "o.webm":
        least = 20  # transparency is kept, and that has 8 bits
    lossy = name in ("o.mp4", "o.webm", "o.mov")
    assert steps >= least * (0.6 if lossy else 1), steps
    said = [w for w in _said(done) if "bits a sample" in w]
    assert bool(said) == (has > bits or least == 20), _said(done)
