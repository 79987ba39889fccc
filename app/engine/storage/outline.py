"""The parts of a remote file that say what it holds: its beginning, its end, and its index."""

from app.engine.storage.fetch import Fetch
from operators.media import MediaInfo

_HEAD_BYTES = (256 << 10, 5 << 20)
_TAIL_BYTES = (64 << 10, 1 << 20)
_HEAD_SHARE, _TAIL_SHARE = 100, 400
_MOST_BOXES = 16
_MOST_INDEX_BYTES = 64 << 20
_FRAGMENTED = frozenset({b"moof", b"sidx", b"styp"})


_TELLING = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "wav", "flac", "avi"})
"""Formats whose beginning, or index, says how long they are."""


def tells(info: MediaInfo) -> bool:
    """Whether what was found in an outline is what the whole file would show."""
    return info.format in _TELLING


def is_mp4(fetch: Fetch) -> bool:
    """Whether the file begins as MP4 does. Raises: Failure."""
    return fetch.read(0, 4096)[4:8] == b"ftyp"


def bring(fetch: Fetch) -> bool:
    """Bring them; False where they cannot tell and the whole is needed. Raises: Failure."""
    size = fetch.known.size_bytes
    assert size is not None
    if is_mp4(fetch):
        fetch.need(0, _HEAD_BYTES[0])  # the first packets; what else is needed the index tells
        return _bring_index(fetch, size)
    fetch.need(0, _between(size // _HEAD_SHARE, *_HEAD_BYTES))
    fetch.need(size - _between(size // _TAIL_SHARE, *_TAIL_BYTES), size)
    return True


def _bring_index(fetch: Fetch, size: int) -> bool:
    """MP4: the box with the index, wherever it is. Fragments have an index each, so all is needed."""
    at = 0
    for _ in range(_MOST_BOXES):
        header = fetch.read(at, at + 16)
        if len(header) < 8 or header[4:8] in _FRAGMENTED:
            return False
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if header[4:8] == b"moov":
            if length > _MOST_INDEX_BYTES:
                return False
            fetch.need(at, at + length)
            return fetch.read(at + length, at + length + 8)[4:8] not in _FRAGMENTED
        if length < 8 or at + length >= size:
            return False
        at += length
    return False


def _between(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
