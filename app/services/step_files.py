"""The small files that a step needs beside its command: texts, lists of files, captions."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from app.engine import captions, process
from app.engine.sandbox import Reach
from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Code
from planner import safety

_TIMEOUT_S = 120


def write(
    files: Mapping[str, Any], folder: str, locate: Callable[[str], str], binaries: Tools
) -> None:
    """Write the files of a plan's step into the attempt's folder; `locate` finds an input by id.

    Raises: Failure.
    """
    for name, content in files.items():
        text = content if isinstance(content, str) else _made(content, folder, locate, binaries)
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)


def _made(
    recipe: Mapping[str, Any], folder: str, locate: Callable[[str], str], binaries: Tools
) -> str:
    if "concat" in recipe:
        return "".join(_line(locate(e["input"]), e["duration"]) for e in recipe["concat"])
    path = locate(recipe["captions"])
    is_text = _is_text(path)
    raw = _read(path) if is_text else _extract(path, recipe.get("track", 0), folder, binaries)
    encoding = recipe.get("encoding") if is_text else "utf-8"
    return captions.rewrite(raw, recipe["width"], recipe["height"], recipe["style"], encoding)


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
    with open(path, "rb") as file:
        return b"\0\0\0" not in file.read(4096)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read((16 << 20) + 1)


def _extract(path: str, track: int, folder: str, binaries: Tools) -> bytes:
    """A subtitle track of a programme, as ASS."""
    target = os.path.join(folder, "track.ass")
    outcome = process.run(
        [
            binaries.ffmpeg, "-hide_banner", "-nostdin", "-y", "-loglevel", "repeat+level+error",
            *safety.UPLOADED_INPUT, "-i", f"file:{path}", "-map", f"0:s:{track}", "-f", "ass", f"file:{target}",
        ],
        cwd=folder, timeout_s=_TIMEOUT_S, reach=Reach(readable=[path], writable=[folder]),
    )  # fmt: skip
    if not outcome.is_success:
        raise Failure(code=Code.INPUT_CORRUPTED, message="The subtitle track cannot be read.")
    return _read(target)
