"""What a file shows and sounds like: which frame at which time, which moment of sound and how loud.

FFmpeg decodes, and tells when each frame is shown; everything else is read from samples here.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.tools import Tools
from tests.oracle.colour import Array, pictures
from tests.zoo import content

_HOLE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A track: samples x channels, the first of them at `start` seconds of the file."""

    samples: Array
    rate: int
    start: float


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file as it is seen and heard; times in seconds, of its own clock."""

    times: tuple[float, ...]
    rgb: Array
    alpha: Array
    tracks: tuple[Heard, ...]
    begins: float
    """When the first of its streams begins."""
    streams: tuple[dict[str, Any], ...]


def read(binaries: Tools, path: Path) -> Found:
    document = _probe(binaries, path, "-show_streams")
    streams = [s for s in document["streams"] if not s["disposition"].get("attached_pic")]
    video = [s for s in streams if s["codec_type"] == "video"]
    sound = [s for s in streams if s["codec_type"] == "audio"]
    times: tuple[float, ...] = ()
    rgb = alpha = np.zeros((0, 0, 0, 3))
    if video:
        entries = "frame=best_effort_timestamp_time"
        shown = _probe(binaries, path, "-select_streams", "v:0", "-show_entries", entries)
        times = tuple(float(f.get("best_effort_timestamp_time", 0)) for f in shown["frames"])
        if not times:  # an ffprobe without that decoder
            stored = _probe(binaries, path, "-select_streams", "v:0", "-show_entries", "packet=pts_time")  # fmt: skip
            times = tuple(sorted(float(p.get("pts_time", 0)) for p in stored["packets"]))
        seen = pictures(binaries, path)
        quarters = _turns(video[0])
        rgb, alpha = (np.rot90(a, quarters, (1, 2)) for a in (seen.rgb, seen.alpha))
    tracks = tuple(_heard(binaries, path, n, stream) for n, stream in enumerate(sound))
    starts = [float(s["start_time"]) for s in (*video[:1], *sound) if "start_time" in s]
    begins = min(starts, default=0.0)
    return Found(
        times=times, rgb=rgb, alpha=alpha, tracks=tracks, begins=begins, streams=tuple(streams)
    )


def _probe(binaries: Tools, path: Path, *what: str) -> Any:
    command = [binaries.ffprobe, "-v", "error", "-of", "json", *what, f"file:{path}"]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def _turns(stream: dict[str, Any]) -> int:
    """By how many quarters counterclockwise a player turns it."""
    turned = [d["rotation"] for d in stream.get("side_data_list", ()) if "rotation" in d]
    return round(turned[0] / 90) % 4 if turned else 0


def _heard(binaries: Tools, path: Path, number: int, stream: dict[str, Any]) -> Heard:
    entries = "frame=pts_time,nb_samples"
    shown = _probe(binaries, path, "-select_streams", f"a:{number}", "-show_entries", entries)
    rate, channels = int(stream["sample_rate"]), int(stream["channels"])
    command = [
        binaries.ffmpeg, "-v", "error", "-nostdin", "-i", f"file:{path}", "-map", f"0:a:{number}",
        "-f", "f32le", "-c:a", "pcm_f32le", "-",
    ]  # fmt: skip
    raw = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    samples = np.frombuffer(raw, "<f4").astype(np.float64).reshape(-1, channels)
    times = [float(f["pts_time"]) for f in shown["frames"] if "pts_time" in f]
    frames = [
        (float(f["pts_time"]) if "pts_time" in f else None, int(f.get("nb_samples", 0)))
        for f in shown["frames"]
    ]
    start = times[0] if times else 0.0
    # what lies before 0 is a codec's lead-in, which most decoders drop, though they tell of it
    dropped = sum(count for _, count in frames) - len(samples)
    if start < 0 < dropped:
        frames, start = _without_first(frames, dropped, rate), 0.0
    return Heard(samples=_with_holes(samples, rate, frames), rate=rate, start=start)


Frames = Sequence[tuple[float | None, int]]
"""When each begins, and how many samples it has."""


def _without_first(frames: Frames, dropped: int, rate: int) -> Frames:
    kept: list[tuple[float | None, int]] = []
    for at, count in frames:
        less = min(dropped, count)
        dropped -= less
        if count > less:
            kept.append((None if at is None else at + less / rate, count - less))
    return kept


def _with_holes(samples: Array, rate: int, frames: Frames) -> Array:
    """The samples at their times: nothing where no packet was."""
    parts: list[Array] = []
    taken, ends = 0, None
    for at, count in frames:
        if at is not None and ends is not None and at - ends > _HOLE_S:
            parts.append(np.zeros((round((at - ends) * rate), samples.shape[1])))
        begins = ends if at is None else at
        ends = None if begins is None else begins + count / rate
        parts.append(samples[taken : taken + count])
        taken += count
    return np.concatenate([*parts, samples[taken:]]) if parts else samples


Place = tuple[float, float, float, float, float, float]
"""Where the drawing is in a picture: x = a*u + b*v + c, y = d*u + e*v + f, u and v from 0 to 1."""
WHOLE: Place = (1, 0, 0, 0, 1, 0)


def cell(frame: Array, place: Place, row: int, column: int) -> Array | None:
    """The mean colour of the middle of a cell; None where that lies outside."""
    a, b, c, d, e, f = place
    u, v = (column + 0.5) / content.CELLS, (row + 0.5) / content.CELLS
    height, width = frame.shape[:2]
    x, y = (a * u + b * v + c) * width, (d * u + e * v + f) * height
    reach = 0.12 / content.CELLS
    across = max(1.0, reach * (abs(a) + abs(b)) * width)
    down = max(1.0, reach * (abs(d) + abs(e)) * height)
    left, right, top, bottom = (
        round(x - across),
        round(x + across),
        round(y - down),
        round(y + down),
    )
    if left < 0 or top < 0 or right > width or bottom > height:
        return None
    return np.asarray(frame[top:bottom, left:right].mean((0, 1)))


def number_of(frame: Array, place: Place) -> int | None:
    """The number that a frame bears; None where it cannot be read."""
    found = 0
    white, black = cell(frame, place, 3, 0), cell(frame, place, 3, 2)
    high = 1.0 if white is None else float(white.mean())
    low = 0.0 if black is None else float(black.mean())
    for bit in range(8):
        seen = cell(frame, place, 1 + bit // content.CELLS, bit % content.CELLS)
        if seen is None or high - low < 0.2:
            return None
        part = (float(seen.mean()) - low) / (high - low)
        if 0.35 < part < 0.65:
            return None
        found = found << 1 | int(part > 0.5)
    return found


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a stretch of sound compares with what is expected there."""

    off_by: float
    """Seconds by which it comes late."""
    gain_db: float
    likeness: float
    """Correlation at the best place, 0 to 1."""


def match(heard: Heard, channel: int, expected: Any, begin: float, end: float) -> Match:
    """Compare a channel from `begin` to `end` (of the file's clock) with `expected(times)`."""
    rate = heard.rate
    first = max(0, round((begin - heard.start) * rate))
    last = min(len(heard.samples), round((end - heard.start) * rate))
    given = heard.samples[first:last, channel]
    reach = round(0.05 * rate)
    times = heard.start + (np.arange(first - reach, first + len(given) + reach)) / rate
    wanted = expected(times)
    size = 1 << (len(wanted) + len(given)).bit_length()
    lagged = np.fft.irfft(np.fft.rfft(wanted, size) * np.conj(np.fft.rfft(given, size)), size)
    scores = lagged[: 2 * reach + 1]
    best = int(np.argmax(scores))
    around = scores[max(0, best - 1) : best + 2]
    bend = around[0] - 2 * around[1] + around[2] if len(around) == 3 else 0
    shift = 0.5 * (around[0] - around[2]) / bend if bend else 0
    off_by = (reach - best - shift) / rate
    part = expected(heard.start + np.arange(first, first + len(given)) / rate - off_by)
    power = float(part @ part)
    if power == 0 or not len(given):
        return Match(off_by=0, gain_db=-200, likeness=0)
    gain = float(given @ part) / power
    likeness = float(given @ part) / np.sqrt(power * float(given @ given) + 1e-30)
    return Match(
        off_by=off_by,
        gain_db=20 * np.log10(max(abs(gain), 1e-10)),
        likeness=likeness,
    )
