"""What a copy or an encode must not lose: names that players know, sizes, depths, levels."""

import struct
from pathlib import Path

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, op


@pytest.mark.parametrize("container", ["mp4", "mov"])
@pytest.mark.parametrize("source", ["mkv", "ts", "mp4"])
def test_hevc_is_called_hvc1_where_players_ask_for_that(
    source: str, container: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Copied or encoded: QuickTime and Safari refuse hev1."""
    extra = ("-c:v", "libx265", "-x265-params", "log-level=none")
    made = media.clip(f"hevc.{source}", seconds=1, extra=extra)
    spec = job(
        made,
        op("scale", "src", "small", width=64),
        src={"destination": f"file:///out/copy.{container}"},
        small={"destination": f"file:///out/new.{container}", "codec": {"video": {"codec": "hevc", "preset": "ultrafast"}}},
    )  # fmt: skip
    for path in render(spec, tmp_path, binaries).paths:
        video = next(s for s in media.streams(path) if s["codec_type"] == "video")
        assert (video["codec_name"], video["codec_tag_string"]) == ("hevc", "hvc1"), path


def chunks(path: Path) -> dict[bytes, bytes]:
    """The first 512 bytes of a WAV by chunk; the sound's holds its size alone."""
    with open(path, "rb") as file:
        head = file.read(512)
    found, at = {b"": head[:12]}, 12
    while at + 8 <= len(head) and b"data" not in found:
        name, size = head[at : at + 4], struct.unpack("<I", head[at + 4 : at + 8])[0]
        found[name] = head[at + 4 : at + 8] if name == b"data" else head[at + 8 : at + 8 + size]
        at += 8 + size
    return found


def test_a_wav_has_room_for_a_header_of_64_bits(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Where it grows over 4 GiB, FFmpeg fills the room; below, readers skip it."""
    spec = job(media.clip(), src={"destination": "file:///out/o.wav"})
    (path,) = render(spec, tmp_path, binaries).paths
    found = chunks(path)
    assert (found[b""][:4], found[b""][8:12]) == (b"RIFF", b"WAVE")
    assert struct.unpack("<I", found[b""][4:8])[0] == path.stat().st_size - 8
    assert len(found[b"JUNK"]) == 28


@pytest.mark.full
def test_a_wav_of_more_than_4_gib_tells_its_size(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    silence = ("-f", "lavfi", "-i", "anullsrc=r=96000:cl=7.1:d=2900", "-compression_level", "0")
    spec = job(media.made("long.flac", *silence), src={"destination": "file:///out/o.wav"})
    (path,) = render(spec, tmp_path, binaries).paths
    found = chunks(path)
    riff, data = struct.unpack("<QQ", found[b"ds64"][:16])
    assert found[b""][:4] == b"RF64"
    assert riff == path.stat().st_size - 8
    assert data == 2900 * 96000 * 8 * 2
    path.unlink()


@pytest.mark.parametrize(
    ("container", "codec"),
    [("webm", "vp9"), ("webm", "vp8"), ("mkv", "mpeg4"), ("mov", "prores"), ("mkv", "ffv1"), ("jpg", None), ("webp", None)],
)  # fmt: skip
def test_odd_sizes_are_kept_where_the_codec_holds_them(
    container: str, codec: str | None, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    odd = (
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x240:r=10:d=0.5",
        "-vf",
        "format=yuv444p,crop=161:121",
    )
    source = media.made("odd.mkv", *odd, "-c:v", "ffv1")
    output = {"destination": f"file:///out/o.{container}"}
    if codec:
        output["codec"] = {"video": {"codec": codec}}  # type: ignore[assignment]
    done = render(
        job(source, op("fps", "src", "o", fps=5), o=output)
        if codec
        else job(source, op("thumbnail", "src", "o"), o=output),
        tmp_path,
        binaries,
    )
    (video,) = media.streams(done.paths[0])
    assert (video["width"], video["height"]) == (161, 121)
    assert not [w for w in done.plan.warnings if "even sizes" in w.message]


def test_sizes_that_a_codec_cannot_hold_are_cut_with_a_warning(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    odd = (
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x240:r=10:d=0.5",
        "-vf",
        "format=yuv444p,crop=161:121",
    )
    source = media.made("odd.mkv", *odd, "-c:v", "ffv1")
    done = render(job(source, src={"destination": "file:///out/o.mp4"}), tmp_path, binaries)
    (video,) = media.streams(done.paths[0])
    assert (video["width"], video["height"]) == (160, 120)
    assert [w for w in done.plan.warnings if "even sizes" in w.message]
