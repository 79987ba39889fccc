from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.duration import BadDuration, format_duration, format_seconds, parse_duration, to_ms


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("1h30m", 5400), ("1.5h", 5400), ("100ms", "0.1"), ("1m30.5s", "90.5"), ("-5s", -5),
        ("+5s", 5), ("0s", 0), ("00:05:30", 330), ("1:02:03", 3723), ("00:00:01.5", "1.5"),
        ("02:03", 123), ("100:00:00", 360000), ("00:00:01.1234", "1.1234"), ("PT1H30M", 5400),
        ("PT90S", 90), ("PT1.5S", "1.5"), ("P1DT2H", 93600), ("PT1H30M5.5S", "5405.5"), ("01:02:03", 3723),
        ("250us", "0.00025"), (90, 90), (1.5, "1.5"), (0.1, "0.1"), (0, 0),
    ],
)  # fmt: skip
def test_what_is_a_duration(text: object, seconds: object) -> None:
    assert parse_duration(text) == Fraction(str(seconds))


# the reference's table of edge cases, with what should be right
@pytest.mark.parametrize(
    "text",
    [
        "10", "", " ", "00:99:99", "00:00:01,5", "PT", "PT1H30", "PT5M garbage 7S", "pt1h", "1d", "1h 30m",
        "P", "P1DT", "1s1h", "1s1s", "--5s", "5 s", "1e3s", "٣s", "1:2:3", "00:60:00", "00:00:60", ":30",
        "1::2", "nan", "inf", "x" * 100, None, True, [], {}, 10**4299, 1e300, float("nan"), float("inf"),
    ],
)  # fmt: skip
def test_what_is_not(text: object) -> None:
    with pytest.raises(BadDuration):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [("90", '"90s"'), ("1h 30m", '"1h30m"'), ("00:00:01,5", '"00:00:01.5"'), ("pt1h", '"PT1H"')],
)
def test_a_slip_gets_a_suggestion(text: str, advice: str) -> None:
    with pytest.raises(BadDuration) as caught:
        parse_duration(text)
    assert advice in (caught.value.suggestion or "")


@given(st.integers(0, 10**12))
def test_what_is_written_reads_back(micros: int) -> None:
    seconds = Fraction(micros, 1_000_000)
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(max_size=80))
def test_any_text_is_a_duration_or_an_error(text: str) -> None:
    try:
        assert isinstance(parse_duration(text), Fraction)
    except BadDuration:
        pass


def test_seconds_for_ffmpeg() -> None:
    assert [format_seconds(Fraction(n)) for n in (0, 1, "1.5", "-0.25", "100")] == [
        "0",
        "1",
        "1.5",
        "-0.25",
        "100",
    ]
    assert format_seconds(Fraction(1001, 30000)) == "0.033367"
    assert to_ms(Fraction(1001, 30000)) == 33


def test_durations_finer_than_a_microsecond_keep_their_value() -> None:
    assert format_duration(Fraction(1, 128)) == "0.0078125s"
    assert format_duration(Fraction(1, 3)) == "0.333333s"


def test_the_smallest_numbers_are_written_so_that_they_are_read() -> None:
    seconds = parse_duration(8.231376731264072e-80)
    assert parse_duration(format_duration(seconds)) == seconds


def test_endless_text_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadDuration) as refused:
        parse_duration("0." + "1" * 500 + "s")
    assert len(str(refused.value)) < 100
