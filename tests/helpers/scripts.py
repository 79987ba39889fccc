"""FFmpegs that are scripts before the real one: one that takes its time, but not the CPU."""

import hashlib
import os
from functools import cache
from pathlib import Path

_FOLDER = Path(".cache/scripts")
_PACED = """#!/bin/bash
words=()
for word in "$@"; do
    if [[ ${{words[-1]}} == -i && $word =~ at-([0-9.]+)x- ]]; then
        words[-1]=-readrate
        words+=("${{BASH_REMATCH[1]}}" -i)
    fi
    words+=("$word")
done
exec {ffmpeg} "${{words[@]}}"
"""
_LACKING = """#!/bin/bash
exec {ffmpeg} "${{@/{name}/{name}_not_built_in}}"
"""


def at(rate: float, source: Path) -> Path:
    """The same file, read so many times as fast as it plays (by services, whose FFmpeg is `paced`)."""
    path = source.with_name(f"at-{rate:g}x-{source.name}")
    if not path.exists():
        os.link(source, path)
    return path


@cache
def paced(ffmpeg: str) -> str:
    """Reads `at-2.5x-clip.mp4` with `-readrate 2.5`, and else is as it is."""
    return _script(_PACED.format(ffmpeg=ffmpeg), ffmpeg)


@cache
def lacking(name: str, ffmpeg: str) -> str:
    """Lacks an encoder."""
    return _script(_LACKING.format(ffmpeg=ffmpeg, name=name), ffmpeg)


def _script(text: str, ffmpeg: str) -> str:
    """A script that stays, before an FFmpeg. Where that is a script as well, both are in one folder, from
    which alone the sandbox lets scripts be started."""
    is_script = Path(ffmpeg).read_bytes()[:2] == b"#!"
    folder = Path(ffmpeg).parent if is_script else _FOLDER.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ffmpeg-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(path)
    return str(path)
