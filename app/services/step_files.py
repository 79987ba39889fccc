"""The small files that a step needs beside its command: texts, lists of files, captions."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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

_TIMEOUT_S = 120


@dataclass(frozen=True, kw_only=True)
class Maker:
    """What files of a step are made from: `locate` finds an input by id, `tick` may stop the making."""

    folder: str
    locate: Callable[[str], str]
    binaries: Tools
    tick: Tick


def write(files: Mapping[str, Any], maker: Maker) -> None:
    """Write the files of a plan's step into the attempt's folder. Raises: Failure."""
    for name, content in files.items():
        text = content if isinstance(content, str) else _made(content, maker)
        with open(os.path.join(maker.folder, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)


def _made(recipe: Mapping[str, Any], maker: Maker) -> str:
    if "concat" in recipe:
        return "".join(_line(maker.locate(e["input"]), e["duration"]) for e in recipe["concat"])
    path = maker.locate(recipe["captions"])
    is_text = _is_text(path)
    shown = {name: recipe[name] for name in ("width", "height", "style")}
    encoding = recipe.get("encoding") if is_text else "utf-8"
    text = path if is_text else _extract(path, recipe.get("track", 0), maker)
    return captions_apart.rewrite(text, {**shown, "encoding": encoding}, maker.tick)


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
