"""Whether frames come at the rate that a file tells, and at which they come on average if not."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

TOLD_ONLY = ("matroska", "webm", "flv", "asf", "ogg")
"""Demuxers that tell a rate which somebody wrote down; others have counted their frames."""
STRETCH = 48
_STRETCHES = 4
_REORDERED = 8  # frames at the end of a stretch that packets behind it may precede
_NEAR_S = 0.0025  # times in whole milliseconds


def stretches(duration_ms: int | None, is_partial: bool) -> str:
    """Where packets are looked at, as ffprobe wants it: some frames in several places."""
    if is_partial:
        return f"%+#{STRETCH}"
    if _is_short(duration_ms):
        return f"%+#{STRETCH * _STRETCHES}"
    places = [(duration_ms or 0) * n // _STRETCHES for n in range(_STRETCHES)]
    return ",".join(f"{at / 1000:.3f}%+#{STRETCH}" for at in places)


def average(times: Sequence[float], rate: Fraction, duration_ms: int | None) -> Fraction | None:
    """Frames a second of what does not keep `rate`; None where it does. `times`, in seconds, are those
    of the packets of `stretches`, in the order in which they are stored."""
    size = len(times) if _is_short(duration_ms) else STRETCH
    runs = [times[first : first + size] for first in range(0, len(times), size or 1)]
    gaps = [gap for run in runs for gap in _gaps(run)]
    period = float(1 / rate)
    if len(gaps) < 2 or all(abs(gap - period) <= _NEAR_S for gap in gaps):
        return None
    return Fraction(len(gaps) / sum(gaps)).limit_denominator(1001)


def _is_short(duration_ms: int | None) -> bool:
    return (duration_ms or 0) < 8000


def _gaps(run: Sequence[float]) -> list[float]:
    shown = sorted(run)
    shown = shown[:-_REORDERED] if len(shown) >= STRETCH else shown
    return [later - earlier for earlier, later in pairwise(shown) if later > earlier]
