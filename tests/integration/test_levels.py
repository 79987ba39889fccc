"""Sound is as loud as it was when its channels become more or fewer, however its samples are stored.

Levels are measured on decoded samples, by arithmetic alone.
"""

from itertools import product
from math import log10
from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, joined

TONE = "sin(2*PI*440*t)"
STORED = ("pcm_s16le", "pcm_s24le", "pcm_f32le", "flac", "aac", "opus", "mp3")
CONTAINERS = {"flac": "flac", "aac": "m4a", "opus": "mka", "mp3": "mp3"}
ROOM_DB = 0.1


def tone(media: Media, codec: str, *gains: float, layout: str = "", seconds: float = 2) -> Path:
    """The same tone on every channel, with a gain each."""
    expressions = "|".join(f"{gain}*{TONE}" for gain in gains)
    shape = f":c={layout}" if layout else ""
    graph = f"aevalsrc='{expressions}'{shape}:s=48000:d={seconds}"
    encoder = "libopus" if codec == "opus" else "libmp3lame" if codec == "mp3" else codec
    bitrate = "192k" if codec == "opus" else "320k"
    name = f"tone.{CONTAINERS.get(codec, 'wav')}"
    return media.made(name, "-f", "lavfi", "-i", graph, "-c:a", encoder, "-b:a", bitrate)


def levels(media: Media, path: Path, channels: int, begin: float, end: float) -> list[float]:
    """RMS of each channel in a part of a file, dB below a full-scale square."""
    samples = media.samples(path)[round(48000 * begin) * channels : round(48000 * end) * channels]
    found = []
    for channel in range(channels):
        own = samples[channel::channels]
        mean = sum(sample * sample for sample in own) / len(own)
        found.append(10 * log10(mean / 32768**2) if mean else float("-inf"))
    return found


def expected(gain: float) -> float:
    return 20 * log10(gain) - 3.01  # of a sine


def wav(channels: int | None = None) -> dict[str, Any]:
    codec = {"codec": "pcm_s16le", **({"channels": channels} if channels else {})}
    return {"destination": "file:///out/o.wav", "codec": {"audio": codec}}


@pytest.mark.parametrize(("codec", "way"), list(product(STORED, ("channels", "concat", "mix"))))
def test_one_channel_is_as_loud_on_two(
    codec: str, way: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    mono, silent = tone(media, codec, 0.2), tone(media, "pcm_s16le", 0, 0)
    spec = job(mono, src=wav(2)) if way == "channels" else joined(way, [silent, mono], wav())
    (path,) = render(spec, tmp_path, binaries).paths
    begin = 2 if way == "concat" else 0
    for side in levels(media, path, 2, begin + 0.5, begin + 1.5):
        assert abs(side - expected(0.2)) < ROOM_DB


@pytest.mark.parametrize(("codec", "way"), list(product(STORED, ("channels", "concat", "mix"))))
@pytest.mark.parametrize(("left", "right"), [(0.9, 0.9), (0.5, 0), (0, 0.5), (0.6, -0.2)])
def test_two_channels_become_half_of_each(
    left: float, right: float, codec: str, way: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """The sum of both sides would clip."""
    stereo, silent = tone(media, codec, left, right), tone(media, "pcm_s16le", 0)
    spec = job(stereo, src=wav(1)) if way == "channels" else joined(way, [silent, stereo], wav())
    (path,) = render(spec, tmp_path, binaries).paths
    begin = 2 if way == "concat" else 0
    (found,) = levels(media, path, 1, begin + 0.5, begin + 1.5)
    assert abs(found - expected(abs(left + right) / 2)) < (
        0.5 if codec in ("aac", "mp3") and right * left < 0 else ROOM_DB
    )


SURROUND = (0.5, 0.4, 0.6, 0.3, 0.2, 0.7)  # left, right, centre, LFE, surround left and right
TO_STEREO = (1 / (1 + 2**0.5), 0.5**0.5 / (1 + 2**0.5))


@pytest.mark.parametrize("layout", ["5.1", "5.1(side)"])
@pytest.mark.parametrize(
    ("codec", "way"), list(product(("pcm_s16le", "pcm_s24le", "pcm_f32le", "flac"), ("channels", "concat", "mix")))
)  # fmt: skip
def test_surround_becomes_stereo_by_one_set_of_coefficients(
    layout: str, codec: str, way: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    six, silent = tone(media, codec, *SURROUND, layout=layout), tone(media, "pcm_s16le", 0, 0)
    spec = job(six, src=wav(2)) if way == "channels" else joined(way, [silent, six], wav())
    (path,) = render(spec, tmp_path, binaries).paths
    begin = 2 if way == "concat" else 0
    front, other = TO_STEREO
    left, right, centre, _, surround_left, surround_right = SURROUND
    sums = (front * left + other * (centre + surround_left), front * right + other * (centre + surround_right))  # fmt: skip
    for found, gain in zip(levels(media, path, 2, begin + 0.5, begin + 1.5), sums, strict=True):
        assert abs(found - expected(gain)) < ROOM_DB


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le"])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_loudest_surround_does_not_clip(
    codec: str, channels: int, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    six = tone(media, codec, *(0.99,) * 6, layout="5.1")
    (path,) = render(job(six, src=wav(channels)), tmp_path, binaries).paths
    assert max(map(abs, media.samples(path))) <= 0.995 * 32767
