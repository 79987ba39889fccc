"""Timecodes (SMPTE 12M): `01:00:00:00`, with `;` before the frames where numbers are dropped."""

import re
from fractions import Fraction

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")
_DROPPING = (30, 60)
STALE = ""
"""In place of a timecode that no longer tells when its picture begins."""


def stale(timecode: str | None) -> str | None:
    """In place of a timecode whose picture has other frames now; None where there was none."""
    return None if timecode is None else STALE


def moved(timecode: str | None, frames: int, rate: Fraction | None) -> str | None:
    """The timecode so many frames later, at `rate` frames a second; `STALE` where it cannot be told."""
    if timecode is None:
        return None
    found = _FORM.fullmatch(timecode)
    nominal = round(rate) if rate else 0
    is_dropping = bool(found and found[4] != ":")
    if not found or not nominal or (is_dropping and nominal not in _DROPPING):
        return STALE
    hours, minutes, seconds, number = (int(found[n]) for n in (1, 2, 3, 5))
    count = ((hours * 60 + minutes) * 60 + seconds) * nominal + number
    dropped = nominal // 15 if is_dropping else 0
    every = hours * 60 + minutes
    count -= dropped * (every - every // 10)
    return _written(count + frames, nominal, dropped)


def _written(count: int, nominal: int, dropped: int) -> str:
    """Frames since midnight as a timecode; `dropped` numbers are left out at the beginning of each
    minute, but for each tenth."""
    ten_minutes = 600 * nominal - 9 * dropped
    minute = 60 * nominal - dropped
    count %= 144 * ten_minutes
    tens, rest = divmod(count, ten_minutes)
    # the first of ten minutes has all its numbers
    later = 0 if rest < 60 * nominal else 1 + (rest - 60 * nominal) // minute
    count += dropped * (9 * tens + later)
    seconds, number = divmod(count, nominal)
    mark = ";" if dropped else ":"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{number:02}"
