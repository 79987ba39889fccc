"""What a copy or an encode must not lose: names that players know, sizes, depths, levels."""

import struct
from array import array
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


def odd(media: Media) -> Path:
    """A picture of 161x121."""
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=0.5")
    return media.made("odd.mkv", *picture, "-vf", "format=yuv444p,crop=161:121", "-c:v", "ffv1")


@pytest.mark.parametrize(
    ("container", "codec"),
    [("webm", "vp9"), ("webm", "vp8"), ("mkv", "mpeg4"), ("mov", "prores"), ("mkv", "ffv1"), ("jpg", None), ("webp", None)],
)  # fmt: skip
def test_odd_sizes_are_kept_where_the_codec_holds_them(
    container: str, codec: str | None, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = odd(media)
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
    source = odd(media)
    done = render(job(source, src={"destination": "file:///out/o.mp4"}), tmp_path, binaries)
    (video,) = media.streams(done.paths[0])
    assert (video["width"], video["height"]) == (160, 120)
    assert [w for w in done.plan.warnings if "even sizes" in w.message]


SAMPLES = {
    "pcm_s24le": "0.00002", "pcm_s32le": "0.00002", "pcm_f32le": "1.9", "pcm_f64le": "1.9", "pcm_s16le": "0.5", "flac": "0.00002",
}  # fmt: skip
"""A tone that the codec holds and a smaller one does not: far below 16 bits, or above full scale."""


def stored(codec: str, media: Media) -> Path:
    graph = f"aevalsrc='{SAMPLES[codec]}*sin(2*PI*440*t)':s=48000:d=1"
    name = "in.flac" if codec == "flac" else "in.wav"
    form = ("-sample_fmt", "s32") if codec == "flac" else ()
    return media.made(name, "-f", "lavfi", "-i", graph, "-c:a", codec, *form)


def loud(path: Path, media: Media, folder: Path) -> tuple[float, float]:
    """Peak and RMS of the samples, as numbers of 64 bits."""
    raw = folder / f"{path.name}.f64"
    media.ffmpeg("-i", str(path), "-f", "f64le", "-c:a", "pcm_f64le", str(raw))
    samples = array("d", raw.read_bytes())
    return max(map(abs, samples)), (sum(s * s for s in samples) / len(samples)) ** 0.5


@pytest.mark.parametrize("is_touched", [True, False], ids=["trimmed", "remuxed"])
@pytest.mark.parametrize("codec", SAMPLES)
def test_a_wav_has_the_samples_of_its_source(
    codec: str, is_touched: bool, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = stored(codec, media)
    cut = op("trim", "src", "o", end=0.5)
    output = {"destination": "file:///out/o.wav"}
    spec = job(source, cut, o=output) if is_touched else job(source, src=output)
    done = render(spec, tmp_path, binaries)
    (track,) = media.streams(done.paths[0])
    assert track["codec_name"] == ("pcm_s24le" if codec == "flac" else codec)
    peak, mean = loud(done.paths[0], media, tmp_path)
    asked = float(SAMPLES[codec])
    assert peak == pytest.approx(asked, rel=0.02)
    assert mean == pytest.approx(asked / 2**0.5, rel=0.02)
    assert not done.plan.warnings


@pytest.mark.parametrize(
    ("codec", "target", "words"),
    [("pcm_f32le", "flac", "floating-point"), ("pcm_s32le", "flac", "32 bits"), ("pcm_s24le", "pcm_s16le", "24 bits"), ("pcm_s24le", "flac", None)],
)  # fmt: skip
def test_samples_that_are_not_kept_whole_are_warned_of(
    codec: str, target: str, words: str | None, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    output = {"destination": "file:///out/o.mkv", "codec": {"audio": {"codec": target}}}
    done = render(job(stored(codec, media), src=output), tmp_path, binaries)
    assert [words in w.message for w in done.plan.warnings if words] == ([True] if words else [])
    assert bool(done.plan.warnings) is bool(words)
