"""Interlaced pictures keep their fields apart and in order, and the file says so; or a warning does.

Every field of the source has a luma of its own, so each line of an output tells when it was shown."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import Rendered, render
from tests.helpers.specs import job, joined, lossless, op
from tests.helpers.thinned import thinned

WIDTH, HEIGHT, FRAMES = 128, 96, 10
_WORDS = {
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "1", "-flags", "+ildct+ilme"),
    "mpeg2": ("-c:v", "mpeg2video", "-q:v", "1", "-flags", "+ildct+ilme"),
    "prores": ("-c:v", "prores_ks", "-flags", "+ildct"),
}
_NAMES = {"h264": "i.mp4", "mpeg2": "i.ts", "prores": "i.mov"}


def level(field: int) -> int:
    """The luma of the field that is shown as the `field`-th."""
    return 40 + 9 * field


@pytest.fixture(scope="session")
def woven(media: Media) -> Any:
    def make(codec: str, order: str) -> Path:
        pixels = "yuv422p" if codec == "prores" else "yuv420p"
        first = 0 if order == "tff" else 1
        frames = []
        for n in range(FRAMES):
            luma = np.zeros((HEIGHT, WIDTH), np.uint8)
            luma[first::2], luma[1 - first :: 2] = level(2 * n), level(2 * n + 1)
            count = HEIGHT * WIDTH // (1 if pixels == "yuv422p" else 2)
            frames.append(luma.tobytes() + bytes([128]) * count)
        raw = media.folder / f"{codec}_{order}.yuv"
        raw.write_bytes(b"".join(frames))
        words = (
            "-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", str(raw),
            "-vf", f"setfield={order}", *_WORDS[codec],
        )  # fmt: skip
        return media.made(_NAMES[codec], *words, source=raw)

    return make


def lines(binaries: Tools, path: Path) -> Any:
    """The mean luma of every line of every frame, and which field the file says comes first."""
    shown = "stream=width,height,pix_fmt:frame=interlaced_frame,top_field_first"
    probe = [
        binaries.ffprobe, "-v", "error", "-select_streams", "v:0", "-show_frames", "-show_entries", shown,
        "-of", "json", f"file:{path}",
    ]  # fmt: skip
    document = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
    (told,) = document["streams"]
    flags = {(f["interlaced_frame"], f["top_field_first"]) for f in document["frames"]}
    form = told["pix_fmt"]
    decode = [
        binaries.ffmpeg, "-v", "error", "-i", f"file:{path}", "-fps_mode", "passthrough", "-pix_fmt", form,
        "-f", "rawvideo", "-",
    ]  # fmt: skip
    raw = subprocess.run(decode, capture_output=True, check=True).stdout
    width, height, is_deep = int(told["width"]), int(told["height"]), "10" in form
    part = {"420": 1.5, "422": 2.0, "444": 3.0}[form.removeprefix("yuv").removeprefix("j")[:3]]
    values = np.frombuffer(raw, "<u2" if is_deep else "u1").astype(float) / (4 if is_deep else 1)
    frames = values.reshape(-1, int(width * height * part))[:, : width * height]
    return frames.reshape(-1, height, width).mean(2), flags


def assert_woven(
    binaries: Tools, path: Path, order: str, *, edge: int = 4, near: float = 3
) -> None:
    """Each line shows the field whose turn it is."""
    found, told = lines(binaries, path)
    assert told == {(1, int(order == "tff"))}, told
    first = 0 if order == "tff" else 1
    for n, rows in enumerate(found[:FRAMES]):
        inner = rows[edge:-edge] if edge else rows
        start = (edge + first) % 2
        assert inner[start::2] == pytest.approx(
            np.full(len(inner[start::2]), level(2 * n)), abs=near
        ), n
        other = inner[1 - start :: 2]
        assert other == pytest.approx(np.full(len(other), level(2 * n + 1)), abs=near), n


def said(done: Rendered) -> list[str]:
    return [w.message for w in done.plan.warnings if "interlaced" in w.message]


@pytest.mark.parametrize(
    ("target", "codec", "order"),
    thinned(
        [
            ("o.mp4", {"codec": "h264", "crf": 1}), ("o.mkv", {"codec": "h264", "crf": 1}),
            ("o.mov", {"codec": "prores"}), ("o.mp4", {"codec": "mpeg4"}), ("o.mkv", {"codec": "ffv1"}),
        ],
        _WORDS, ["tff", "bff"], keep=4,
    ),
)  # fmt: skip
def test_fields_stay_apart(
    target: tuple[str, dict[str, Any]], codec: str, order: str, woven: Any, binaries: Tools, tmp_path: Path
) -> None:  # fmt: skip
    name, video = target
    output = {"destination": f"file:///out/{name}", "codec": {"video": video}}
    done = render(job(woven(codec, order), src=output), tmp_path, binaries)
    assert_woven(binaries, done.paths[0], order, near=6 if video["codec"] == "mpeg4" else 3)
    assert not said(done)


@pytest.mark.parametrize(
    ("made", "edge", "flips"),
    [
        (op("scale", "src", "o", width=64, height=48), 4, False),
        (op("scale", "src", "o", width=192, height=144), 4, False),
        (op("scale", "src", "o", width=96, height=96, fit="contain"), 16, False),
        (op("crop", "src", "o", width=64, height=64, x=0, y=3), 0, True),
        (op("crop", "src", "o", width=64, height=64, x=0, y=4), 0, False),
        (op("pad", "src", "o", height=104), 12, False),
        (op("rotate", "src", "o", angle=180), 0, True),
        (
            op("drawtext", "src", "o", text=".", fontsize=4, position="top_left", margin=0),
            12,
            False,
        ),
        (op("trim", "src", "o", start=0, end=0.3), 0, False),
    ],
    ids=lambda one: one["op"] if isinstance(one, dict) else str(one),
)
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_operators_keep_them_apart(
    order: str, made: dict[str, Any], edge: int, flips: bool, woven: Any, binaries: Tools, tmp_path: Path
) -> None:  # fmt: skip
    done = render(job(woven("h264", order), made, o=lossless("o.mkv")), tmp_path, binaries)
    flipped = {"tff": "bff", "bff": "tff"}[order] if flips else order
    assert_woven(binaries, done.paths[0], flipped, edge=edge, near=5)
    assert not said(done)


@pytest.mark.parametrize("height", [50, 142])
@pytest.mark.parametrize("order", ["tff", "bff"])
def test_fields_that_end_in_half_a_line_of_chroma_are_kept_apart(
    order: str, height: int, woven: Any, binaries: Tools, tmp_path: Path
) -> None:
    """FFmpeg 5 crashed, as its scale filter wrote past their end."""
    made = op("scale", "src", "o", width=64, height=height)
    done = render(job(woven("h264", order), made, o=lossless("o.mkv")), tmp_path, binaries)
    assert_woven(binaries, done.paths[0], order, near=5)


@pytest.mark.parametrize("second", ["tff", "bff"])
def test_what_is_joined_in_one_order_keeps_it(
    second: str, woven: Any, binaries: Tools, tmp_path: Path
) -> None:
    sources = [woven("h264", "tff"), woven("h264", second)]
    spec = joined("concat", sources, lossless("o.mkv"), mode="reencode")
    done = render(spec, tmp_path, binaries)
    if second == "tff":
        assert_woven(binaries, done.paths[0], "tff", edge=0)
        assert not said(done)
    else:
        assert said(done)


@pytest.mark.parametrize(
    ("made", "video"),
    [
        (op("rotate", "src", "o", angle=90), {"codec": "h264"}),
        (op("rotate", "src", "o", angle=7), {"codec": "h264"}),
        (op("fps", "src", "o", fps=25), {"codec": "hevc"}),
        (op("fps", "src", "o", fps=25), {"codec": "h264", "profile": "baseline"}),
        (op("crop", "src", "o", width=64, height=62), {"codec": "h264"}),
    ],
)
def test_else_it_is_said(
    made: dict[str, Any], video: dict[str, Any], woven: Any, binaries: Tools, tmp_path: Path
) -> None:
    output = {"destination": "file:///out/o.mp4", "codec": {"video": video}}
    done = render(job(woven("h264", "tff"), made, o=output), tmp_path, binaries)
    (warning,) = said(done)
    assert "deinterlace" in warning


def test_deinterlaced_pictures_are_marked_as_whole(
    woven: Any, binaries: Tools, tmp_path: Path
) -> None:
    output = {"destination": "file:///out/o.mp4", "codec": {"video": {"codec": "h264"}}}
    spec = job(woven("h264", "tff"), op("deinterlace", "src", "d", mode="field"), d=output)
    done = render(spec, tmp_path, binaries)
    found, told = lines(binaries, done.paths[0])
    assert len(found) == 2 * FRAMES
    assert {interlaced for interlaced, _ in told} == {0}
    assert not said(done)


@pytest.mark.parametrize(
    ("pixels", "height"), [("yuv422p", None), ("yuv422p", HEIGHT - 6), ("yuv420p", HEIGHT - 6)]
)
def test_colours_stay_in_their_field(
    pixels: str, height: int | None, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """4:2:0 is made by two fields: else red and blue of two moments become purple."""
    rows = HEIGHT // 2 if pixels == "yuv420p" else HEIGHT
    frame = np.full((HEIGHT, WIDTH), 100, np.uint8)
    cb, cr = (np.full((rows, WIDTH // 2), 128, np.uint8) for _ in range(2))
    cb[0::2], cr[1::2] = 200, 200
    raw = media.folder / f"{pixels}.yuv"
    raw.write_bytes((frame.tobytes() + cb.tobytes() + cr.tobytes()) * 5)
    words = (
        "-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", str(raw),
        "-vf", "setfield=tff", "-c:v", "ffv1", "-flags", "+ildct",
    )  # fmt: skip
    source = media.made(f"{pixels}.mkv", *words, source=raw)
    output = {"destination": "file:///out/o.mp4", "codec": {"video": {"codec": "h264", "crf": 1}}}
    scale = op("scale", "src", "o", width=WIDTH, height=height)
    spec = job(source, scale, o=output) if height else job(source, src=output)
    height = height or HEIGHT
    (path,) = render(spec, tmp_path, binaries).paths
    decode = [binaries.ffmpeg, "-v", "error", "-i", f"file:{path}", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]  # fmt: skip
    done = subprocess.run(decode, capture_output=True, check=True).stdout
    planes = np.frombuffer(done, "u1").reshape(-1, height * WIDTH * 3 // 2)[0, height * WIDTH :]
    blue, red = planes.reshape(2, height // 2, WIDTH // 2).mean(2)
    assert blue[4:-4:2].min() > 185 and blue[5:-4:2].max() < 145, blue  # noqa: PT018
    assert red[5:-4:2].min() > 185 and red[4:-4:2].max() < 145, red  # noqa: PT018
