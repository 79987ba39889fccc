"""How the packets of a file follow each other: how many, from when to when, with which holes.

Read without decoding. It shows what no header does: pictures that are missing, sound with holes,
times that go back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.engine import ffprobe
from app.engine.tools import Tools
from app.engine.verify import late_ms, not_as_planned, pairs
from operators.media import MediaInfo, VideoStream

_STORES_DECODING = "mp4"
"""The format that stores when a packet is to be decoded; of others ffprobe makes it up."""
_FRAMES = 2  # at the ends, where rates are rounded
_FEW = Fraction(1, 100)
_HOLE_S = 0.1
_ROUNDED_S = 0.01  # what containers round from packet to packet


@dataclass(kw_only=True)
class Pace:
    """The packets of one stream, times in seconds."""

    packets: int = 0
    missing: float = 0.0
    """Seconds between one packet's end and the next one's begin, all in all; only of sound, whose
    packets are stored as they are heard."""
    goes_back: bool = False
    """Whether a packet is to be decoded before the one that is stored in front of it."""
    ends: float | None = None
    """Of the last packet, if that says how long it lasts."""
    decoded: float | None = None


class Paces:
    """Of every stream, from packet lines `stream_index,pts_time,dts_time,duration_time`."""

    def __init__(self) -> None:
        self.by_index: dict[int, Pace] = {}

    def feed(self, line: bytes) -> None:
        words = line.rstrip().split(b",")
        if len(words) < 4 or not words[0].isdigit():
            return
        pace = self.by_index.setdefault(int(words[0]), Pace())
        shown, decoded, length = map(_seconds, words[1:4])
        pace.packets += 1
        if decoded is not None:
            pace.goes_back |= pace.decoded is not None and decoded < pace.decoded
            pace.decoded = decoded
        if shown is not None:
            hole = 0.0 if pace.ends is None else shown - pace.ends
            pace.missing += hole if hole > _ROUNDED_S else 0.0
            pace.ends = shown + length if length else None


def read(path: str, tools: Tools) -> Mapping[int, Pace]:
    """The pace of each stream, by its index. Raises: Failure."""
    paces = Paces()
    ffprobe.packets(path, tools, "stream_index,pts_time,dts_time,duration_time", paces.feed)
    return paces.by_index


def check(planned: MediaInfo, actual: MediaInfo, paces: Mapping[int, Pace]) -> list[str]:
    """What is doubtful about a finished file: frames or samples that its length asks for and that are
    not there. Raises: Failure where a stream is empty, or no player could follow it."""
    doubts: list[str] = []
    for expected, seen in pairs(planned, actual):
        pace = paces.get(seen.index, Pace())
        kind = "picture" if isinstance(expected, VideoStream) else "sound"
        if not pace.packets and expected.duration_ms:
            raise not_as_planned(f"its {kind} is empty")
        if pace.goes_back and _STORES_DECODING in (actual.format or ""):
            raise not_as_planned(f"the times of its {kind} go back")
        if planned.duration_is_exact:
            found = (
                _of_frames(expected, pace) if isinstance(expected, VideoStream) else _of_holes(pace)
            )
            doubts += [found] if found else []
        if late := late_ms(planned, actual, expected, seen):
            doubts.append(f"its sound begins {late / 1000:.2f} s late, where the input has none")
    return doubts


def _of_frames(expected: VideoStream, pace: Pace) -> str | None:
    """Too few pictures, or too many, for how long they are shown at their rate."""
    if not expected.grid_rate or not expected.duration_ms:
        return None
    wanted = round(expected.grid_rate * expected.duration_ms / 1000)
    if abs(pace.packets - wanted) <= max(_FRAMES, int(wanted * _FEW)):
        return None
    return f"it has {pace.packets} frames where {wanted} were expected"


def _of_holes(pace: Pace) -> str | None:
    if pace.missing <= _HOLE_S:
        return None
    return f"{pace.missing:.2f} s of its sound are missing in between"


def _seconds(word: bytes) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
