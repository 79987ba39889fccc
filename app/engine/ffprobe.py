"""Runs of ffprobe on a local file, in the sandbox. What it tells is read in `app.engine.ffprobe_json`."""

import json
import os
from collections.abc import Callable, Sequence

from app.engine import process
from app.engine.classify import classify_probe
from app.engine.outcome import Outcome
from app.engine.sandbox import Reach
from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Code
from planner import safety

TIMEOUT_S = 60
"""For what lies at the beginning of a file."""
_SCAN_TIMEOUT_S = 600

Lines = Callable[[bytes], object]


def document(path: str, tools: Tools) -> dict[str, object]:
    """What the file holds, as ffprobe tells it: format, streams, chapters. Raises: Failure."""
    shown = (
        "-show_format",
        "-show_streams",
        "-show_chapters",
        "-show_data_hash",
        "md5",
        "-of",
        "json",
    )
    outcome = _run(path, tools, *shown, timeout_s=TIMEOUT_S)
    try:
        found = json.loads(outcome.stdout or b"{}")
    except ValueError as error:
        raise Failure(code=Code.MEDIA_PROBE_FAILED) from error
    return found if isinstance(found, dict) else {}


def packets(
    path: str,
    tools: Tools,
    entries: str,
    take: Lines,
    *where: str,
    timeout_s: float = _SCAN_TIMEOUT_S,
) -> None:
    """Give each packet's line of ffprobe, its `entries` with commas between, to `take`; nothing is
    decoded. Raises: Failure."""
    shown = ("-show_entries", f"packet={entries}", "-of", "csv=p=0", *where)
    _run(path, tools, *shown, timeout_s=timeout_s, lines=take)


def first_frames(path: str, tools: Tools, stream: str, entries: str) -> list[list[str]]:
    """`entries` of the first frames that are decoded of a stream (`v:0`, or its index). Raises:
    Failure."""
    found: list[list[str]] = []
    shown = (
        "-select_streams",
        stream,
        "-read_intervals",
        "%+#8",
        "-show_entries",
        f"frame={entries}",
    )

    def take(line: bytes) -> None:
        found.append(line.decode("ascii", "replace").rstrip().split(","))

    _run(path, tools, *shown, "-of", "csv=p=0", timeout_s=TIMEOUT_S, lines=take)
    return found


def packet_places(
    path: str, tools: Tools, spans: Sequence[tuple[float, float]]
) -> list[tuple[int, int]]:
    """Where the packets of some stretches of time (seconds, from and to) lie in a file: from which
    byte to which. Each begins at the keyframe before. Raises: Failure."""
    found: list[tuple[int, int]] = []

    def take(line: bytes) -> None:
        size, _, position = line.decode("ascii", "replace").strip().partition(",")
        if size.isdigit() and position.isdigit():
            found.append((int(position), int(position) + int(size)))

    wanted = ",".join(f"{start:.3f}%{end:.3f}" for start, end in spans)
    packets(path, tools, "size,pos", take, "-read_intervals", wanted)
    return found


def _run(
    path: str,
    tools: Tools,
    *what: str,
    timeout_s: float,
    lines: Lines | None = None,
) -> Outcome:
    """ffprobe on a file. Raises: Failure."""
    guarded = ("-hide_banner", "-loglevel", "repeat+level+error", *safety.UPLOADED_INPUT)
    outcome = process.run(
        [tools.ffprobe, *guarded, *_forced(path), *what, f"file:{path}"],
        cwd=os.path.dirname(path),
        timeout_s=timeout_s,
        capture=lines is None,
        lines=lines,
        reach=Reach(readable=[path]),
    )
    if not outcome.is_success:
        raise classify_probe(outcome, path)
    return outcome


def _forced(path: str) -> tuple[str, ...]:
    """JPEG is named outright: left alone, FFmpeg takes it for an image sequence, which is refused."""
    with open(path, "rb") as file:
        return ("-f", "jpeg_pipe") if file.read(3) == b"\xff\xd8\xff" else ()
