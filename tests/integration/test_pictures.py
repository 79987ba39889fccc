"""Thumbnails, contact sheets, waveforms and stills on real FFmpeg."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from operators.problem import Invalid
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, op


def write(name: str) -> dict[str, Any]:
    return {"destination": f"file:///out/{name}"}


def shown_at(media: Media, path: Path, picture: Path) -> int:
    """The number of the source frame that a picture shows."""
    wanted = media.frame_hashes(picture, "format=rgb24")[0]
    return media.frame_hashes(path, "format=rgb24").index(wanted)


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30", "60"])
@pytest.mark.parametrize("time", [0, 0.5, 1.01, 1.99])
def test_a_thumbnail_shows_the_frame_of_its_time(
    time: float, rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip(f"thumb-{rate.replace('/', '_')}.mp4", seconds=2, fps=rate)
    done = render(
        job(source, op("thumbnail", "src", "t", time=time), t=write("t.png")), tmp_path, binaries
    )
    assert shown_at(media, source, done.paths[0]) == int(Fraction(str(time)) * Fraction(rate))


def test_several_thumbnails_are_numbered_files_evenly_spread(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip("thumb-30.mp4", seconds=2, fps="30")
    done = render(
        job(source, op("thumbnail", "src", "t", count=4), t=write("t.png")), tmp_path, binaries
    )
    assert [path.name for path in done.files[0]] == [f"out0-000{n}" for n in range(1, 5)]
    assert [shown_at(media, source, path) for path in done.files[0]] == [7, 22, 37, 52]


def test_one_thumbnail_every_interval(media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.clip("thumb-30.mp4", seconds=2, fps="30")
    spec = job(source, op("thumbnail", "src", "t", interval=0.75), t=write("t.png"))
    done = render(spec, tmp_path, binaries)
    assert [shown_at(media, source, path) for path in done.files[0]] == [0, 22, 45]


def test_a_contact_sheet_has_an_index_beside_it(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip("thumb-30.mp4", seconds=2, fps="30")
    spec = job(
        source, op("thumbnail", "src", "t", interval=0.5, columns=3, width=80), t=write("t.jpg")
    )
    done = render(spec, tmp_path, binaries)
    video = done.found[0].video[0]
    assert (video.width, video.height) == (240, 120)
    index = (done.paths[0].parent / "out0.vtt").read_text()
    assert index.splitlines()[-2:] == ["00:00:01.500 --> 00:00:02.000", "t.jpg#xywh=0,60,80,60"]
    one = media.frame_hashes(done.paths[0], "crop=80:60:80:0", "scale=1:1", "format=gray")
    alone = media.frame_hashes(
        source, "select=eq(n\\,15)", "scale=80:60", "scale=1:1", "format=gray"
    )
    assert len(one) == len(alone) == 1


@pytest.mark.parametrize("form", ["jpg", "png", "webp"])
def test_every_picture_format(form: str, media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.clip("thumb-30.mp4", seconds=2, fps="30")
    spec = job(source, op("thumbnail", "src", "t", time=1, format=form), t=write(f"t.{form}"))
    done = render(spec, tmp_path, binaries)
    reference = tmp_path / "reference.png"
    media.ffmpeg("-ss", "1", "-i", str(source), "-frames:v", "1", str(reference))
    assert media.psnr(done.paths[0], reference) > 30


def test_a_wrong_picture_format_is_told(media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.clip("thumb-30.mp4", seconds=2, fps="30")
    spec = job(source, op("thumbnail", "src", "t", format="png"), t=write("t.jpg"))
    with pytest.raises(Invalid, match="to be png, but the file is jpg"):
        render(spec, tmp_path, binaries)


def test_a_still_needs_a_length_for_a_film(corpus: Path, binaries: Tools, tmp_path: Path) -> None:
    spec = job(corpus / "watermark.png", src=write("o.mp4"))
    with pytest.raises(Invalid) as caught:
        render(spec, tmp_path, binaries)
    (problem,) = caught.value.problems
    assert problem.pointer == "/outputs/0/destination"
    assert "duration" in str(problem.suggestion)


@pytest.mark.parametrize("length", [0.5, 2, "3s"])
def test_a_still_with_a_length_is_a_film(
    length: Any, corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(corpus / "watermark.png", src=write("o.mp4"))
    spec["inputs"][0]["duration"] = length
    done = render(spec, tmp_path, binaries)
    seconds = float(str(length).rstrip("s"))
    assert len(media.frame_hashes(done.paths[0])) == -(-seconds * 25 // 1)


def test_transparency_is_kept_in_pictures(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(
        corpus / "webm_vp9_alpha.webm", op("thumbnail", "src", "t", time=1), t=write("o.png")
    )
    path = render(spec, tmp_path, binaries).paths[0]
    said = media.ffmpeg(
        "-i", str(path), "-vf", "alphaextract,signalstats,metadata=print", "-f", "null", "-"
    )
    levels = {
        line.rpartition(".")[2].split("=")[0]: line.rpartition("=")[2]
        for line in said.splitlines()
        if "signalstats." in line
    }
    assert float(levels["YMIN"]) < float(levels["YMAX"])


def test_a_waveform_shows_where_it_is_loud(media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.folder / "half.wav"
    media.ffmpeg(
        "-f", "lavfi", "-i", "aevalsrc='gt(t,1)*0.9*sin(2*PI*300*t)':d=2:s=8000", str(source)
    )
    spec = job(
        source, op("waveform", "src", "w", width=400, height=100, color="white"), w=write("w.png")
    )
    path = render(spec, tmp_path, binaries).paths[0]
    said = media.ffmpeg(
        "-i",
        str(path),
        "-vf",
        "alphaextract,crop=10:100:50:0,signalstats,metadata=print",
        "-f",
        "null",
        "-",
    )
    silent = next(float(line.rpartition("=")[2]) for line in said.splitlines() if "YAVG" in line)
    said = media.ffmpeg(
        "-i",
        str(path),
        "-vf",
        "alphaextract,crop=10:100:300:0,signalstats,metadata=print",
        "-f",
        "null",
        "-",
    )
    loud = next(float(line.rpartition("=")[2]) for line in said.splitlines() if "YAVG" in line)
    assert loud > 5 * max(1, silent)
