"""What the header of a PNG says of its samples (W3C PNG, 11.2.2 and 11.3.2): an ffprobe that was
built without zlib cannot tell."""

import struct

from app.engine.storage import folders

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_MOST_CHUNKS = 1000


def pixel_format(path: str) -> str | None:
    """FFmpeg's name of the pixels that a PNG decodes to; None of another file."""
    with folders.reading(path) as file:
        head = file.read(33)
        if len(head) < 33 or not head.startswith(_SIGNATURE) or head[12:16] != b"IHDR":
            return None
        depth, kind = head[24], head[25]
        is_clear = False
        for _ in range(_MOST_CHUNKS):
            length, name = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
            if name in (b"IDAT", b"IEND", b"\0\0\0\0"):
                break
            is_clear = is_clear or name == b"tRNS"
            file.seek(length + 4, 1)
    return _named(kind, depth, is_clear)


def _named(kind: int, depth: int, is_clear: bool) -> str:
    is_deep = depth == 16
    if kind == _PALETTE:
        return "pal8" if is_clear else "rgb24"
    if kind == _RGBA or (kind == _RGB and is_clear):
        return "rgba64be" if is_deep else "rgba"
    if kind == _RGB:
        return "rgb48be" if is_deep else "rgb24"
    if kind == _GREY_ALPHA or is_clear:
        return "ya16be" if is_deep else "ya8"
    return "gray16be" if is_deep else "gray"
