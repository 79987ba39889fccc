"""Runs of ffprobe on a local file, in the sandbox. What it tells is read in `app.engine.ffprobe_json`."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from app.engine import process
from app.engine.classify import classify_probe
from app.engine.outcome import Bounds, Outcome
from app.engine.progress import Progress
from app.engine.sandbox import Reach
from app.engine.storage import folders
from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Code
from planner import safety

TIMEOUT_S = 60
"""For what lies at the beginning of a file."""
_SCAN_TIMEOUT_S = 600

BOUNDS = Bounds(address_bytes=1 << 30, cpu_s=_SCAN_TIMEOUT_S, file_bytes=1 << 20)
"""A few hundred bytes can make a demuxer ask for gigabytes."""
_MOST_REPLACED = 3
_MOST_TOLD_BYTES = 8 << 20
"""What a file says of itself is read into this process."""

_NOT_ALLOWED = re.compile(r"Codec \(([\w.-]+)\) not on whitelist")

Lines = Callable[[bytes], object]
Attendant = Callable[[int], object]
"""Called several times a second; raises to stop. The number is for those who count bytes."""

_attendant: ContextVar[Attendant | None] = ContextVar("attendant", default=None)


class _Left(Exception):
    """The attendant does not want to know any more."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(cause)
        self.cause = cause


@contextmanager
def attended(attendant: Attendant) -> Iterator[None]:
    """While the block looks at files, `attendant` is called; what it raises ends the looking, and leaves
    the block, whatever is done about failures in between."""
    token = _attendant.set(attendant)
    try:
        yield
    except _Left as left:
        raise left.cause from None
    finally:
        _attendant.reset(token)


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
    if len(outcome.stdout) > _MOST_TOLD_BYTES:
        raise Failure(
            code=Code.RESOURCE_LIMIT_EXCEEDED,
            message="The file has more streams, chapters and tags than are read.",
        )
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
    known: tuple[str, ...] = ()
    replaced = 0
    while True:
        looked_at = _identity(path)
        outcome = _guarded(path, tools, what, timeout_s, lines, known)
        if outcome.is_success:
            return outcome
        is_other = _is_denied(outcome) and _identity(path) != looked_at
        if is_other and replaced < _MOST_REPLACED:
            replaced += (
                1  # the sandbox lets in the file that it was told of, not another of its name
            )
            continue
        other = _not_allowed(outcome)
        if other in known or other not in safety.LOOKED_AT:
            raise classify_probe(outcome, path)
        known = (*known, other)


def _is_denied(outcome: Outcome) -> bool:
    return any("Permission denied" in line for line in outcome.stderr_tail)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _guarded(
    path: str,
    tools: Tools,
    what: Sequence[str],
    timeout_s: float,
    lines: Lines | None,
    known: Sequence[str],
) -> Outcome:
    """`known`: codecs of streams that are only looked at. ffprobe opens a decoder for each stream, and
    gives up where it may not; to these nothing is given to be decoded."""
    _tick(Progress())
    guarded = ("-hide_banner", "-loglevel", "repeat+level+error", *safety.UPLOADED_INPUT)
    opened = ",".join((safety.CODECS, *known))
    more = [word for kind in "vasd" for word in (f"-codec_whitelist:{kind}", opened)]
    return process.run(
        [tools.ffprobe, *guarded, *(more if known else ()), *_forced(path), *what, f"file:{path}"],
        cwd=os.path.dirname(path),
        timeout_s=timeout_s,
        capture=lines is None,
        lines=lines,
        tick=_tick,
        bounds=BOUNDS,
        reach=Reach(readable=[path]),
    )


def _tick(_: Progress) -> None:
    attendant = _attendant.get()
    if attendant is None:
        return
    try:
        attendant(0)
    except Exception as error:
        raise _Left(error) from error


def _not_allowed(outcome: Outcome) -> str:
    """The last codec that ffprobe said it may not open; empty where it said nothing of the kind."""
    found = [match[1] for line in outcome.errors if (match := _NOT_ALLOWED.search(line))]
    return found[-1] if found else ""


def _forced(path: str) -> tuple[str, ...]:
    """JPEG is named outright: left alone, FFmpeg takes it for an image sequence, which is refused."""
    with folders.reading(path) as file:
        return ("-f", "jpeg_pipe") if file.read(3) == b"\xff\xd8\xff" else ()
