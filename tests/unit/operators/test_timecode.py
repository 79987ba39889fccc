"""Timecodes are moved as a clock that shows every frame would move."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

import pytest

from operators.timecode import STALE, moved

NTSC = Fraction(30000, 1001)


def clock(nominal: int, dropped: int) -> Iterator[str]:
    """Every timecode of a day in turn, by the rule of SMPTE 12M: numbers are left out when a
    minute begins that is no tenth."""
    for hour in range(24):
        for minute in range(60):
            for second in range(60):
                skipped = dropped if second == 0 and minute % 10 else 0
                for frame in range(skipped, nominal):
                    yield f"{hour:02}:{minute:02}:{second:02}{';' if dropped else ':'}{frame:02}"


@pytest.mark.parametrize(
    ("rate", "nominal", "dropped"),
    [
        (NTSC, 30, 2),
        (2 * NTSC, 60, 4),
        (NTSC, 30, 0),
        (Fraction(25), 25, 0),
        (Fraction(24000, 1001), 24, 0),
    ],
)
def test_each_frame_has_the_number_that_a_clock_shows(
    rate: Fraction, nominal: int, dropped: int
) -> None:
    first = "00:00:00;00" if dropped else "00:00:00:00"
    for number, shown in enumerate(islice(clock(nominal, dropped), 12 * 60 * nominal)):
        assert moved(first, number, rate) == shown
        assert moved(shown, 0, rate) == shown


@pytest.mark.parametrize(
    ("timecode", "frames", "rate", "later"),
    [
        ("01:00:00;00", 60, NTSC, "01:00:02;00"),
        ("00:59:59;29", 1, NTSC, "01:00:00;00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("23:59:59;29", 1, NTSC, "00:00:00;00"),
        ("00:00:59.29", 1, NTSC, "00:01:00;02"),
    ],
)
def test_known_moves(timecode: str, frames: int, rate: Fraction, later: str) -> None:
    assert moved(timecode, frames, rate) == later


@pytest.mark.parametrize(
    ("timecode", "rate"), [("1:0:0:0", NTSC), ("01:00:00:00", None), ("01:00:00;00", Fraction(25))]
)
def test_what_cannot_be_told_is_stale(timecode: str, rate: Fraction | None) -> None:
    assert moved(timecode, 5, rate) == STALE
    assert moved(None, 5, rate) is None
