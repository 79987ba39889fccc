"""The small files that a step needs beside its command: texts, lists of files, captions."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.engine import captions_apart, process
from app.engine.captions import MOST_BYTES
from app.engine.outcome import Bounds
from app.engine.sandbox import Reach
from app.engine.storage import folders
from app.engine.tools import Tools
from app.engine.watch import Tick
from app.errors import Failure
from operators.problem import Code
from planner import safety
from planner.plan import CaptionFile, ConcatList, StepFile, TextFile

_TIMEOUT_S = 120


@dataclass(frozen=True, kw_only=True)
class Maker:
    """What files of a step are made from: `locate` finds an input by id, `tick` may stop the making."""

    folder: str
    locate: Callable[[str], str]
    binaries: Tools
    tick: Tick


def write(files: Mapping[str, StepFile], maker: Maker) -> None:
    """Write the files of a plan's step into the attempt's folder. Raises: Failure."""
    for name, planned in files.items():
        text = _text(planned, maker)
        with open(os.path.join(maker.folder, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)


def _text(file: StepFile, maker: Maker) -> str:
    match file:
        case TextFile():
            return file.text
        case ConcatList():
            return "".join(_line(maker.locate(e.input), e.duration) for e in file.entries)
        case CaptionFile():
            return _captions(file, maker)


def _captions(file: CaptionFile, maker: Maker) -> str:
    path = maker.locate(file.input)
    shown = {"width": file.width, "height": file.height, "style": dict(file.style)}
    if _is_text(path):
        return captions_apart.rewrite(path, {**shown, "encoding": file.encoding}, maker.tick)

    track = _extract(path, file.track, maker)
    return captions_apart.rewrite(track, {**shown, "encoding": "utf-8"}, maker.tick)


def _line(path: str, duration: str) -> str:
    """One entry of a concat list; a quote ends the quoting, stands escaped, and begins it again."""
    if "\n" in path or "\r" in path:
        raise Failure(
            code=Code.INVALID_INPUT, message="A file name with a line break cannot be joined."
        )
    quoted = path.replace("'", "'\\''")
    return f"file 'file:{quoted}'\nduration {duration}\n"


def _is_text(path: str) -> bool:
    """Whether this is a subtitle file itself, not a programme that holds subtitles."""
    with folders.reading(path) as file:
        return b"\0\0\0" not in file.read(4096)


def _extract(path: str, track: int, maker: Maker) -> str:
    """A subtitle track of a programme, as a file of ASS."""
    target = os.path.join(maker.folder, "track.ass")
    outcome = process.run(
        [
            maker.binaries.ffmpeg, "-hide_banner", "-nostdin", "-y", "-loglevel", "repeat+level+error",
            *safety.UPLOADED_INPUT, "-i", f"file:{path}", "-map", f"0:s:{track}", "-f", "ass", f"file:{target}",
        ],
        cwd=maker.folder, timeout_s=_TIMEOUT_S, tick=maker.tick,
        bounds=Bounds(file_bytes=MOST_BYTES + 1),
        reach=Reach(readable=[path], writable=[maker.folder]),
    )  # fmt: skip
    if not outcome.is_success:
        raise Failure(code=Code.INPUT_CORRUPTED, message="The subtitle track cannot be read.")
    return target
