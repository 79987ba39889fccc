"""The parts of a remote file that a stretch of time needs: the packets' places are in its index.

For MP4 and its kin, whose index tells where every packet lies; ffprobe reads it from the file's
outline, and never minds that the packets themselves are holes.
"""

from app.engine import ffprobe
from app.engine.storage import outline
from app.engine.storage.fetch import Fetch
from app.engine.tools import Tools
from app.errors import Failure

_BEFORE_S, _AFTER_S = 1.0, 4.0
"""Decoders look back and ahead: more is brought than is shown."""
_HEAD_S = 1.0
"""FFmpeg looks at the first packets whatever it is to read."""
_GAP_BYTES = 256 << 10
"""Rather brought along than asked for apart."""
_PAD_BYTES = 4 << 10


def bring(fetch: Fetch, start_s: float, end_s: float, tools: Tools) -> bool:
    """Bring what reading from `start_s` to `end_s` takes; False where the whole is needed.

    Raises: Failure, OSError; whatever the fetch's tick raises.
    """
    if not fetch.known.has_ranges or not outline.is_mp4(fetch) or not outline.bring(fetch):
        return False
    spans = ((0.0, _HEAD_S), (max(0.0, start_s - _BEFORE_S), end_s + _AFTER_S))
    try:
        packets = ffprobe.packet_places(fetch.path, tools, spans)
    except Failure:
        return False
    if not packets:
        return False
    for begin, end in _joined(packets):
        fetch.need(max(0, begin - _PAD_BYTES), end + _PAD_BYTES)
    return True


def _joined(packets: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places (from, to) in order, those that are close as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(packets):
        if found and begin - found[-1][1] <= _GAP_BYTES:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found
