from fractions import Fraction

import pytest

from app.engine.frame_rate import average, stretches


def times(rate: float, count: int, begin: float = 0) -> list[float]:
    """As a container of milliseconds has them, stored in the order of decoding."""
    shown = [round(begin + n / rate, 3) for n in range(count)]
    for n in range(1, count - 2, 3):
        shown[n], shown[n + 1], shown[n + 2] = shown[n + 2], shown[n], shown[n + 1]
    return shown


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(24_000, 1001), Fraction(60)])
def test_rounded_times_keep_their_rate(rate: Fraction) -> None:
    assert average(times(float(rate), 192), rate, 7000) is None
    far = [at for n in range(4) for at in times(float(rate), 48, 900 * n)]
    assert average(far, rate, 3_600_000) is None


def test_other_times_give_another_average() -> None:
    found = average([0, 0.04, 0.08, 0.2, 0.24, 0.4], Fraction(25), 440)
    assert found == Fraction(25, 2)
    assert average(times(30, 100), Fraction(1000), 4000) == pytest.approx(30, rel=0.01)


def test_a_gap_in_one_stretch_is_enough() -> None:
    far = [*times(25, 48), *times(12.5, 48, 900), *times(25, 48, 1800)]
    assert average(far, Fraction(25), 3_600_000)


def test_too_few_frames_tell_nothing() -> None:
    assert average([], Fraction(25), 0) is None
    assert average([0, 0.5], Fraction(25), 1000) is None


def test_where_packets_are_looked_at() -> None:
    assert stretches(5000, is_partial=False) == "%+#192"
    assert stretches(None, is_partial=False) == "%+#192"
    assert stretches(8000, is_partial=True) == "%+#48"
    assert stretches(40_000, is_partial=False) == "0.000%+#48,10.000%+#48,20.000%+#48,30.000%+#48"
