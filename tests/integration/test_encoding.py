"""Every container with every codec that it holds, on real FFmpeg; depth, HDR, profiles, stream options."""

from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from operators.media import FLOWING
from operators.problem import Invalid
from planner.codecs import CONTAINERS
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, op

COMBINATIONS = [
    (container.name, kind.value, codec)
    for container in CONTAINERS
    for kind in FLOWING
    for codec in container.codecs(kind)
]


def write(name: str, **codec: Any) -> dict[str, Any]:
    return {"destination": f"file:///out/{name}", "codec": codec}


@pytest.mark.parametrize(("container", "kind", "codec"), COMBINATIONS)
def test_every_container_holds_what_it_says(
    container: str, kind: str, codec: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip("s1.mp4", seconds=1)
    asked: dict[str, Any] = {
        kind: {"codec": codec, **({"preset": "ultrafast"} if codec in ("av1", "vp9") else {})}
    }
    other = "audio" if kind == "video" else "video"
    # one picture of it where the container holds no film
    shown = (
        op("thumbnail", "src", "s", format="webp")
        if container == "webp"
        else op("scale", "src", "s", width=160)
    )
    spec = job(source, shown, s=write(f"o.{container}", **asked))
    if other == "video":
        spec["outputs"][0]["codec"]["video"] = "none"
        spec["outputs"][0]["id"] = "src"
    done = render(spec, tmp_path, binaries)
    (stream,) = getattr(done.found[0], kind)
    assert stream.codec == codec


@pytest.mark.parametrize(
    ("codec", "transfer", "depth"),
    [
        ({}, "arib-std-b67", 10),
        ({"codec": "hevc"}, "arib-std-b67", 10),
        ({"codec": "hevc", "profile": "main10"}, "arib-std-b67", 10),
        ({"profile": "high"}, "arib-std-b67", 8),  # implied by the profile: kept, with a warning
        ({"pixel_format": "yuv420p"}, "bt709", 8),  # asked for: tone-mapped
        ({"codec": "hevc", "pixel_format": "yuv420p"}, "bt709", 8),
    ],
)
def test_hdr_is_kept_and_tone_mapped_only_when_asked(
    codec: dict[str, Any], transfer: str, depth: int, corpus: Path, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(
        corpus / "hlg_hevc_10bit.mp4",
        op("scale", "src", "s", width=320),
        s=write("o.mp4", video=codec),
    )
    done = render(spec, tmp_path, binaries)
    video = done.found[0].video[0]
    assert (video.color_transfer, video.bit_depth) == (transfer, depth)
    warned = any("tone-mapped" in warning.message for warning in done.plan.warnings)
    assert warned == (depth == 8 and transfer != "bt709")


def test_a_profile_that_cannot_hold_the_pixel_format_is_refused(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    video = {"codec": "h264", "profile": "main", "pixel_format": "yuv444p"}
    with pytest.raises(Invalid) as caught:
        render(
            job(media.clip("s1.mp4", seconds=1), src=write("o.mp4", video=video)),
            tmp_path,
            binaries,
        )
    (problem,) = caught.value.problems
    assert problem.pointer == "/outputs/0/codec/video/pixel_format"


def test_settings_reach_the_encoder(media: Media, binaries: Tools, tmp_path: Path) -> None:
    video = {"codec": "h264", "profile": "high", "preset": "fast", "crf": 30, "gop": 5, "fps": 15}
    sound = {"codec": "aac", "bitrate": "64k", "sample_rate": 44100, "channels": 1}
    spec = job(media.clip("s1.mp4", seconds=1), src=write("o.mp4", video=video, audio=sound))
    spec["outputs"][0]["metadata"] = {"title": "It's; a \\ title=1"}
    done = render(spec, tmp_path, binaries)
    (path,) = done.paths
    found = done.found[0]
    assert (found.video[0].profile, str(found.video[0].frame_rate)) == ("High", "15")
    assert (found.audio[0].sample_rate, found.audio[0].channels) == (44100, 1)
    assert found.tags["title"] == "It's; a \\ title=1"
    packets = media.probe(path, "-select_streams", "v", "-show_entries", "packet=flags")["packets"]
    assert [n for n, packet in enumerate(packets) if packet["flags"].startswith("K")] == [0, 5, 10]
    # faststart: the index stands before the data
    raw = path.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")


@pytest.mark.parametrize("limit", [1 << 28, 0])
def test_gifs_have_a_palette_of_their_own(
    limit: int, media: Media, binaries: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.wiring._PALETTE_BYTES", limit)
    source = tmp_path / "smooth.mkv"
    graph = "gradients=s=160x120:r=10:d=1:seed=1:c0=red:c1=blue,format=gbrp"
    media.ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "ffv1", str(source))
    done = render(job(source, src=write("o.gif")), tmp_path, binaries)
    assert len(media.frame_hashes(done.paths[0])) == 10
    assert media.psnr(done.paths[0], source, "gbrp") > 30


def test_flac_takes_sound_whose_first_frame_is_short(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """A cut leaves 14 samples of the decoder's first frame; FLAC asks for 16."""
    tone = media.sound("tone44.wav", "sine=r=44100:d=2")
    cut = op("trim", "src", "cut", start="0.464082s")
    done = render(job(tone, cut, cut=tmp_path / "o.flac"), tmp_path, binaries)
    assert done.found[0].audio[0].duration_ms == 1536
