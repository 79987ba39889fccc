"""Durations: exact seconds (`Fraction`) inside, text or numbers at the edges.

Accepted text: `90s` `1h30m` `1.5h` `100ms`; `H:MM:SS[.fff]` (hours unlimited) and `MM:SS[.fff]`;
ISO 8601 `PT1H30M5.5S`, `P1DT2H`. Everything else is an error, tails and empty text included.
"""

import math
import re
from fractions import Fraction

_MOST_PLACES = 400  # the smallest JSON number has 324

_NUMBER = r"(\d+(?:\.\d+)?)"
_UNITS: dict[str, Fraction] = {
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 1000),
    "us": Fraction(1, 1_000_000),
}
_UNIT_PART = re.compile(rf"{_NUMBER}(h|ms|us|m|s)", re.ASCII)
_UNIT_TEXT = re.compile(rf"([+-]?)((?:{_NUMBER}(?:h|ms|us|m|s))+)", re.ASCII)
_CLOCK = re.compile(r"(?:(\d+):)?([0-5]?\d):([0-5]\d(?:\.\d+)?)", re.ASCII)
_ISO = re.compile(rf"P(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.ASCII)
_ISO_SECONDS = (86400, 3600, 60, 1)
_MAX_LENGTH = _MOST_PLACES + 20  # whatever `format_duration` writes is read
_MOST_SHOWN = 64
_LARGEST_S = 10**12


class BadDuration(ValueError):
    """Not a duration. `suggestion` says what would be one, where that can be guessed."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def parse_duration(value: object) -> Fraction:
    """Seconds from JSON: a number of seconds or one of the text forms above.

    >>> parse_duration("1m30.5s")
    Fraction(181, 2)

    Raises: BadDuration.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction)):
        raise BadDuration(
            "must be a duration: text such as 1h30m or 00:01:30.5, or seconds as a number"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise BadDuration("must be a finite number of seconds")
    if isinstance(value, str):
        return _parse_text(value)
    # through text: 0.1 means one tenth, not the nearest binary fraction
    seconds = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    if abs(seconds) > _LARGEST_S:
        raise BadDuration("must be a smaller number of seconds")
    return seconds


def _parse_text(text: str) -> Fraction:
    if len(text) <= _MAX_LENGTH:
        for form in (_units, _clock, _iso):
            seconds = form(text)
            if seconds is not None:
                return seconds
    shown = text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
    raise BadDuration(f'"{shown}" is not a duration', _suggest(text.strip()))


def _units(text: str) -> Fraction | None:
    match = _UNIT_TEXT.fullmatch(text)
    if not match:
        return None
    parts = _UNIT_PART.findall(match[2])
    units = [unit for _, unit in parts]
    if units != sorted(set(units), key=list(_UNITS).index):
        return None  # "5s1h" or "1s1s" is more likely a slip than a wish
    total = sum((Fraction(number) * _UNITS[unit] for number, unit in parts), Fraction(0))
    return -total if match[1] == "-" else total


def _clock(text: str) -> Fraction | None:
    match = _CLOCK.fullmatch(text)
    if not match or (match[1] is not None and len(match[2]) != 2):
        return None
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + Fraction(match[3])


def _iso(text: str) -> Fraction | None:
    match = _ISO.fullmatch(text)
    if not match or text.endswith("T") or not any(match.groups()):
        return None
    pairs = zip(match.groups(), _ISO_SECONDS, strict=True)
    return sum((Fraction(number) * size for number, size in pairs if number), Fraction(0))


def _suggest(text: str) -> str | None:
    compact = text.replace(" ", "").replace(",", ".").lower()
    if re.fullmatch(_NUMBER, compact, re.ASCII):
        return f'Write "{compact}s" for seconds, or the number {compact} without quotes.'
    for form in (_units, _clock):
        if compact != text and form(compact) is not None:
            return f'Write "{compact}".'
    if _iso(compact.upper()) is not None:
        return f'Write "{compact.upper()}".'
    return "Forms: 90s, 1h30m, 00:01:30.5, PT1M30S."


def format_duration(seconds: Fraction) -> str:
    """The shortest exact text that `parse_duration` reads back: `1.5s`, `100ms` as `0.1s`."""
    exact = (n for n in range(6, _MOST_PLACES) if (seconds * 10**n).denominator == 1)
    return format_seconds(seconds, next(exact, 6)) + "s"


def format_seconds(seconds: Fraction, places: int = 6) -> str:
    """Decimal seconds for FFmpeg, microseconds at the finest (its own clock): `1.5`."""
    micro = round(seconds * 10**places)
    sign, digits = ("-" if micro < 0 else ""), str(abs(micro)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")


def to_ms(seconds: Fraction) -> int:
    """Milliseconds, rounded to the nearest."""
    return round(seconds * 1000)
