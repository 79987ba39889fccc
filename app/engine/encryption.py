"""Is an MP4 encrypted? FFmpeg decodes such files to garbage and calls that a success."""

import os
import re
from typing import BinaryIO

from app.engine.storage import folders

_MOST_MOOV_BYTES = 64 << 20
_MOST_BOXES = 4096  # fragmented files have their index first; more is somebody's bad joke
_PIECE_BYTES = 1 << 20
_ENTRY_BYTES = 20
# a sample description: `stsd`, version and flags, count, size of the entry, its type
_ENTRY = re.compile(rb"stsd.{12}(encv|enca|encs|enct|drmi|drms)", re.DOTALL)


def is_encrypted(path: str) -> bool:
    """Whether a track's sample description names a protected format (Common Encryption, FairPlay).

    False for whatever is not an MP4. Source: ISO/IEC 14496-12 8.12, 23001-7.
    """
    with folders.reading(path) as file:
        begin, end = _moov(file, os.path.getsize(path))
        file.seek(begin)
        before = b""
        while begin < end and (piece := file.read(min(_PIECE_BYTES, end - begin))):
            if _ENTRY.search(before + piece):
                return True
            before, begin = piece[-_ENTRY_BYTES:], begin + len(piece)
    return False


def _moov(file: BinaryIO, size: int) -> tuple[int, int]:
    """Where the index of an MP4 lies, without its frame, from byte to byte; empty where there is none."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > size:
            break
        file.seek(at)
        header = file.read(16)
        length, kind, begin = int.from_bytes(header[:4]), header[4:8], at + 8
        if length == 1:
            length, begin = int.from_bytes(header[8:16]), at + 16
        if length == 0:
            length = size - at
        if not kind.isalnum() or length < 8:
            break
        if kind == b"moov":
            return begin, min(at + length, begin + _MOST_MOOV_BYTES)
        at += length
    return 0, 0
