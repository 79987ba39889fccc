"""Probing: a local file in, MediaInfo out; a failure says why.

ffprobe's headers come first (`app.engine.ffprobe`); `probe_pictures` and `probe_times` add what they
do not tell.
"""

import os
from dataclasses import replace

from app.engine import content, ffprobe
from app.engine.charset import encoding_of
from app.engine.encryption import is_encrypted
from app.engine.ffprobe_json import media_info
from app.engine.probe_pictures import with_pictures
from app.engine.probe_times import with_counted_rate, with_late_sound, with_true_duration
from app.engine.storage import folders
from app.engine.tools import Tools
from app.errors import Failure
from operators.media import MediaInfo
from operators.problem import Code

_SCRIPTS = (b"#EXTM3U", b"ffconcat version", b"v=0\r\n", b"v=0\n")  # playlists, lists, SDP
_TEXTS = ("srt", "ass", "webvtt")
_MOST_TEXT_BYTES = 16 << 20
_IMPLAUSIBLE_BPS = 2_000  # less than any real programme: the header lies about the duration


def probe(path: str, tools: Tools, is_partial: bool = False) -> MediaInfo:
    """What a file holds. `is_partial`: most of it is a hole, so what only reading all of it would
    tell fails. Raises: Failure (MEDIA_PROBE_FAILED and its more precise kin)."""
    try:
        return _probe(path, tools, is_partial)
    except FileNotFoundError as error:
        raise Failure(code=Code.INPUT_NOT_FOUND, message="The file is gone.") from error
    except OSError as error:  # a link has come where a file was, among others
        text = f"The file cannot be opened: {os.strerror(error.errno or 0)}."
        raise Failure(code=Code.INPUT_ACCESS_DENIED, message=text) from error


def _probe(path: str, tools: Tools, is_partial: bool) -> MediaInfo:
    _check(path)
    try:
        document = ffprobe.document(path, tools)
    except Failure as failure:
        raise content.explained(failure, path) from failure
    info = media_info(document, os.path.getsize(path))
    if not (info.video or info.audio or info.subtitles):
        raise Failure(
            code=Code.MEDIA_PROBE_FAILED, message="The file holds no picture and no sound."
        )
    if info.format in _TEXTS:
        return replace(info, guessed_encoding=_guessed_encoding(path))
    info = with_pictures(info, path, tools)
    info = with_counted_rate(info, path, tools, is_partial)
    if info.duration_is_exact and not _is_dubious(info):
        return info
    if is_partial:
        raise Failure(code=Code.MEDIA_PROBE_FAILED, message="The file must be read to its end.")
    try:
        return with_late_sound(with_true_duration(info, path, tools), path, tools)
    except Failure:
        if _is_dubious(info):
            raise
        return info  # damaged behind its beginning: what it tells of itself is all there is


def _check(path: str) -> None:
    """Refuse what FFmpeg is not shown. Raises: Failure."""
    if os.path.getsize(path) == 0:
        raise Failure(code=Code.INPUT_CORRUPTED, message="The file is empty.")
    if _is_script(path):
        raise Failure(code=Code.FORMAT_BLOCKED)
    if is_encrypted(path):
        raise Failure(code=Code.INPUT_ENCRYPTED)


def _guessed_encoding(path: str) -> str | None:
    """In what a text is written, unless it says so itself."""
    with folders.reading(path) as file:
        name, is_sure = encoding_of(file.read(_MOST_TEXT_BYTES))
    return None if is_sure else name


def _is_script(path: str) -> bool:
    """A text that would make FFmpeg open other files, whatever its name. Some FFmpegs refuse it
    without saying why."""
    with folders.reading(path) as file:
        begin = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
    return begin.startswith(_SCRIPTS) or (begin.startswith(b"<") and b"<MPD" in begin)


def _is_dubious(info: MediaInfo) -> bool:
    is_still = not info.audio and (info.format or "").endswith("_pipe")
    if is_still or not (info.video or info.audio):
        return False
    if not info.duration_ms:
        return True
    return (info.size_bytes or 0) * 8000 / info.duration_ms < _IMPLAUSIBLE_BPS
