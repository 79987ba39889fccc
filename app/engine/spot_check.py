"""Does a finished file look and sound like what it was made from? Looked at in a few places.

A second of both files is decoded, and compared as a whole: pictures by how bright and of which colour
they are, sound by its level. That shows colours that have turned, pictures that are black, sound
that is silent or of another level; not what is wrong with single frames or samples.
"""

import os
import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import log10, sqrt
from typing import Any

from app.engine import process
from app.engine.outcome import Bounds
from app.engine.sandbox import Reach
from app.engine.tools import Tools
from operators.colorimetry import converted, in_rgb, stated
from operators.filtergraph import Filter
from operators.media import Kind, MediaInfo, VideoStream
from operators.sound import decibels, in_form
from planner import safety
from planner.plan import Trace

_PLACES = (0.5, 0.2, 0.8)
"""Where to look, as parts of the length."""
_SECONDS = 1.0
_LEAST_S = 0.3  # to open two files and decode a second of each takes about so long
_SPOTS = 16
_UNLIKE = 12.0  # of 255; a range that is taken for the other moves black and white by 16 and 20
_MOVED = 40.0  # what moves is not seen by both at quite the same moments
_OFF_DB = 3.0
_SILENT = decibels(-60)
_RATE = 8000


@dataclass(frozen=True, kw_only=True)
class Side:
    """A file, and what is known of it."""

    path: str
    info: MediaInfo


@dataclass(frozen=True, kw_only=True)
class Means:
    """What looking may take: a folder for what is decoded, so much time and so much memory."""

    tools: Tools
    folder: str
    budget_s: float
    bounds: Bounds = Bounds()


@dataclass(frozen=True, kw_only=True)
class Look:
    """A moment to look at both files: seconds from their beginnings, and how long that may take."""

    source_s: float
    output_s: float
    timeout_s: float


def check(
    output: Side,
    traces: Sequence[Trace],
    sources: Mapping[str, Side],
    means: Means,
) -> list[str]:
    """What is doubtful, by the plan's `traces` of the output. `sources`: by input id, those that are
    here. Nothing is said of what there was no time to look at."""
    ends, length_s = time.monotonic() + means.budget_s, (output.info.duration_ms or 0) / 1000
    doubts: list[str] = []
    for trace in traces:
        source = sources.get(trace.input)
        if source is None:
            continue
        found: list[str | None] = []
        for at in dict.fromkeys(max(0.0, min(p * length_s, length_s - _SECONDS)) for p in _PLACES):
            left = ends - time.monotonic()
            if left < _LEAST_S:
                break
            look = Look(source_s=at + trace.start_ms / 1000, output_s=at, timeout_s=left)
            samples = _decoded(output, source, trace, look, means)
            if samples:
                found.append(_COMPARED[trace.kind](trace, at, *samples))
        unlike = [doubt for doubt in found if doubt]
        if 2 * len(unlike) > len(found):
            doubts.append(unlike[0])
    return doubts


def _decoded(
    output: Side, source: Side, trace: Trace, look: Look, means: Means
) -> tuple[bytes, bytes] | None:
    """A second of the source and of the output; None where there is nothing then, or no time."""
    kind = Kind(trace.kind)
    sides = (source, trace.input_stream, look.source_s), (output, trace.stream, look.output_s)
    files = [os.path.join(means.folder, f"look{number}.raw") for number in range(len(sides))]
    inputs, outputs = list[str](), list[str]()
    for number, ((side, stream, at), file) in enumerate(zip(sides, files, strict=True)):
        inputs += [*safety.UPLOADED_INPUT, "-ss", f"{max(0.0, at):.3f}", "-t", f"{_SECONDS}"]
        inputs += ["-i", f"file:{side.path}"]
        known = side.info.streams(kind)[stream]
        outputs += ["-map", f"{number}:{known.index}", *_RAW[kind](known), f"file:{file}"]
    told = ("-hide_banner", "-nostdin", "-y", "-nostats", "-loglevel", "repeat+level+error")
    try:
        done = process.run(
            [means.tools.ffmpeg, *told, *inputs, *outputs],
            cwd=means.folder,
            timeout_s=look.timeout_s,
            reach=Reach(readable=[side.path for side, _, _ in sides], writable=[means.folder]),
            bounds=means.bounds,
        )
        read = [_content(file) for file in files]
    finally:
        for file in files:
            with suppress(FileNotFoundError):
                os.remove(file)
    return (read[0], read[1]) if done.is_success and all(read) else None


def _content(file: str) -> bytes:
    with suppress(FileNotFoundError), open(file, "rb") as found:
        return found.read()
    return b""


def _as_spots(video: VideoStream) -> list[str]:
    shown = stated(video.upright())
    small = Filter.of("scale", w=_SPOTS, h=_SPOTS, flags="area")
    filters = (small, *converted(shown, in_rgb(shown, "rgb24")))
    return ["-vf", ",".join(map(str, filters)), "-pix_fmt", "rgb24", "-f", "rawvideo"]


def _as_samples(_: object) -> list[str]:
    return ["-af", ",".join(map(str, in_form("mono", _RATE))), "-f", "f32le", "-c:a", "pcm_f32le"]


def _of_pictures(trace: Trace, at: float, source: bytes, output: bytes) -> str | None:
    if _apart(_tones, source, output) <= _UNLIKE and _apart(_areas, source, output) <= _MOVED:
        return None
    return f"its picture differs from the input's in brightness or colour (seen at {at:.1f} s)"


def _apart(measure: Callable[[bytes], Sequence[float]], source: bytes, output: bytes) -> float:
    pairs = zip(measure(source), measure(output), strict=True)
    return max(abs(one - other) for one, other in pairs)


def _tones(frames: bytes) -> list[float]:
    """How dark, how bright and how much of each colour there is, wherever it is."""
    found: list[float] = []
    for colour in range(3):
        spots = sorted(frames[colour::3])
        few = len(spots) // 20
        found += [spots[few], sum(spots) / len(spots), spots[-1 - few]]
    return found


def _areas(frames: bytes) -> list[float]:
    """The colours of the picture's quarters, on average."""
    size, half = 3 * _SPOTS, _SPOTS // 2
    rows = [frames[at : at + size] for at in range(0, len(frames), size)]
    found: list[float] = []
    for top in (0, half):
        lines = [row for number, row in enumerate(rows) if (number % _SPOTS) // half * half == top]
        for left in (0, half):
            for colour in range(3):
                spots = [line[3 * left + colour : 3 * (left + half) : 3] for line in lines]
                found.append(sum(map(sum, spots)) / (half * len(spots)))
    return found


def _of_sound(trace: Trace, at: float, source: bytes, output: bytes) -> str | None:
    gain = decibels(trace.gain_db)
    wanted = _level(max(-1.0, min(1.0, gain * sample)) for sample in array("f", source))
    found = _level(array("f", output))
    off = 20 * log10(max(found, _SILENT) / max(wanted, _SILENT))
    if abs(off) <= _OFF_DB:
        return None
    much = f"{abs(off):.0f} dB {'louder' if off > 0 else 'softer'}"
    return f"its sound is {much} than planned (heard at {at:.1f} s)"


def _level(samples: Iterable[float]) -> float:
    count, total = 0, 0.0
    for sample in samples:
        count, total = count + 1, total + sample * sample
    return sqrt(total / max(1, count))


_RAW: Mapping[Kind, Callable[[Any], list[str]]] = {Kind.VIDEO: _as_spots, Kind.AUDIO: _as_samples}
_COMPARED: Mapping[str, Callable[[Trace, float, bytes, bytes], str | None]] = {
    Kind.VIDEO: _of_pictures,
    Kind.AUDIO: _of_sound,
}
