"""Streams whose size, pixel format, rate or channels change half way: what follows is as before."""

from pathlib import Path

import numpy as np
import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, joined, lossless, op

SECONDS = 2
SECOND_HALF = {
    "size": ("640x360", "yuv420p", "48000", "1"),
    "shape": ("240x320", "yuv420p", "48000", "1"),
    "pixel format": ("320x240", "yuv422p", "48000", "1"),
    "rate": ("320x240", "yuv420p", "44100", "1"),
    "channels": ("320x240", "yuv420p", "48000", "2"),
    "all": ("640x480", "yuv444p", "32000", "2"),
}


def half(
    media: Media, name: str, begin: int, size: str, pixels: str, rate: str, channels: str
) -> bytes:
    """Two seconds of blue with a tone, as a part of a transport stream."""
    path = media.made(
        name,
        *("-f", "lavfi", "-i", f"color=blue:size={size}:rate=25:duration={SECONDS}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={rate}:duration={SECONDS}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", pixels, "-g", "25", "-bf", "0"),
        *("-c:a", "mp2", "-ac", channels, "-output_ts_offset", str(begin)),
    )
    return path.read_bytes()


@pytest.fixture(params=SECOND_HALF)
def changing(request: pytest.FixtureRequest, media: Media, tmp_path: Path) -> Path:
    path = tmp_path / "changing.ts"
    first = half(media, "first.ts", 0, "320x240", "yuv420p", "48000", "1")
    path.write_bytes(first + half(media, "second.ts", SECONDS, *SECOND_HALF[request.param]))
    return path


def corner(media: Media, path: Path, number: int) -> tuple[int, int, int]:
    """The colour of the picture near its upper left corner."""
    raw = media.raw(path, "rgb24", "crop=2:2:16:16")
    red, green, blue = raw[12 * number : 12 * number + 3]
    return red, green, blue


def test_a_logo_stays_over_a_picture_that_changes(
    changing: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    logo = media.made("logo.png", "-f", "lavfi", "-i", "color=red:size=40x40", "-frames:v", "1")
    spec = joined("overlay", [changing, logo], lossless("o.mkv"), position="top_left", margin=0)
    (path,) = render(spec, tmp_path, binaries).paths
    assert len(media.frame_hashes(path)) == 100
    for number in (0, 49, 51, 99):
        red, green, blue = corner(media, path, number)
        assert red > 240 and green < 15 and blue < 15, number  # noqa: PT018


@pytest.mark.parametrize("way", ["plain", "trim"])
def test_the_picture_keeps_its_first_size(
    way: str, changing: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    if way == "trim":
        spec = job(changing, op("trim", "src", "t", start=0.4, end=3.6), t=lossless("o.mkv"))
    else:
        spec = job(
            changing,
            src={**lossless("o.mkv"), "codec": {"video": {"codec": "h264", "preset": "ultrafast"}}},
        )
    (path,) = render(spec, tmp_path, binaries).paths
    video = media.streams(path)[0]
    assert (video["width"], video["height"]) == (320, 240)
    count = len(media.frame_hashes(path))
    assert count == pytest.approx(80 if way == "trim" else 100, abs=1)
    red, green, blue = corner(media, path, count - 1)
    assert blue > 240 and red < 15 and green < 15  # noqa: PT018


@pytest.mark.parametrize("target", ["wav", "mp3", "m4a"])
def test_sound_is_as_long_as_it_was(
    target: str, changing: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(changing, **{"src:a": {"destination": f"file:///out/o.{target}"}})
    (path,) = render(spec, tmp_path, binaries).paths
    stream = media.streams(path)[0]
    frames = len(media.samples(path)) / int(stream["channels"]) / int(stream["sample_rate"])
    assert frames == pytest.approx(2 * SECONDS, abs=0.1)


@pytest.mark.parametrize(("first", "second"), [("2", "1"), ("1", "2")])
def test_each_stretch_is_as_loud_as_it_would_be_alone(
    first: str, second: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Others than two channels, in a broadcast that is planned as stereo."""
    parts = [sound(media, n, channels) for n, channels in enumerate((first, second))]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(path.read_bytes() for path in parts))
    alone = [
        loudness(media, binaries, path, tmp_path / f"alone{n}", first)[0]
        for n, path in enumerate(parts)
    ]
    begin, end = loudness(media, binaries, both, tmp_path / "both", first)
    assert begin == pytest.approx(alone[0], abs=0.2)
    assert end == pytest.approx(alone[1], abs=0.2)


def sound(media: Media, number: int, channels: str) -> Path:
    """Two seconds of a tone in all channels, as a part of a transport stream."""
    each = "|".join(["0.1*sin(2*PI*440*t)"] * int(channels))
    layout = {"1": "mono", "2": "stereo"}[channels]
    return media.made(
        f"tone{channels}{number}.ts",
        *("-f", "lavfi", "-i", f"aevalsrc={each}:c={layout}:s=48000:d={SECONDS}"),
        *("-c:a", "mp2", "-output_ts_offset", str(SECONDS * number)),
    )


def loudness(
    media: Media, binaries: Tools, source: Path, folder: Path, channels: str
) -> tuple[float, float]:
    """How loud the first channel is in the first and in the last second, in dBFS."""
    codec = {"audio": {"codec": "pcm_s16le", "channels": int(channels)}}
    spec = job(source, **{"src:a": {"destination": "file:///out/o.wav", "codec": codec}})
    (path,) = render(spec, folder, binaries).paths
    samples = np.frombuffer(media.samples(path), "<i2").reshape(-1, int(channels))[:, 0] / 32768
    half = [samples[12_000:36_000], samples[-36_000:-12_000]]
    begin, end = (20 * np.log10(np.sqrt(np.mean(part**2))) for part in half)
    return float(begin), float(end)
