from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.parameters import (
    Array,
    Bool,
    Color,
    Duration,
    Enum,
    Float,
    FrameRate,
    Int,
    Object,
    ParamType,
    Resolution,
    Size,
    String,
    Timecode,
)
from operators.rules import Rejected

ALL = (
    String(), Int(), Float(), Bool(), Duration(), Timecode(), Resolution(), Enum(values=("a", "b")),
    Array(item_type=Int()), Object(), Color(),
)  # fmt: skip


def test_there_are_eleven() -> None:
    assert [kind.kind for kind in ALL] == [
        "string", "int", "float", "bool", "duration", "timecode", "resolution", "enum", "array",
        "object", "color",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value", "converted"),
    [
        (String(), "x", "x"),
        (Int(), "1280", 1280),
        (Int(), -2, -2),
        (Int(), 5.0, 5),
        (Int(multiple_of=2), 6, 6),
        (Float(), "1.5", 1.5),
        (Float(), 2, 2.0),
        (Float(multiple_of=0.1), 0.3, 0.3),
        (Bool(), True, True),
        (Bool(), "false", False),
        (Duration(), "1m", 60),
        (Timecode(), 1.5, Fraction(3, 2)),
        (Resolution(), "1280x720", Size(width=1280, height=720)),
        (Resolution(), {"width": "4", "height": 2}, Size(width=4, height=2)),
        (Enum(values=("a",)), "a", "a"),
        (Array(item_type=Int()), ["1", 2], (1, 2)),
        (Object(item_type=Int()), {"a": "1"}, {"a": 1}),
        (Color(), "Red", "red"),
        (Color(), "#FF8800@0.5", "#ff8800@0.5"),
        (Color(), "#ff8800cc", "#ff8800cc"),
    ],
)
def test_values_that_are_taken(kind: ParamType, value: object, converted: object) -> None:
    assert kind.convert(value) == converted


@pytest.mark.parametrize(
    ("kind", "value", "complaint"),
    [
        (String(), 5, "must be text, not a number"),
        (String(min_length=1), "", "at least 1 character"),
        (String(max_length=2), "abc", "at most 2 characters, not 3"),
        (String(pattern="[a-z]+"), "A", "must match"),
        (String(), "a\0b", "NUL"),
        (String(), "\ud800", "surrogate"),
        (Int(), 1280.7, "whole number, not 1280.7"),
        (Int(), True, "whole number, not true"),
        (Int(), "12.0", "whole number"),
        (Int(), "9" * 30, "whole number"),
        (Int(min=1, max=9), 10, "between 1 and 9, not 10"),
        (Int(min=1), 0, "at least 1"),
        (Int(max=1), 2, "at most 1"),
        (Int(multiple_of=2), 3, "multiple of 2"),
        (Float(), "fast", 'number, not "fast"'),
        (Float(), float("inf"), "finite"),
        (Float(), float("nan"), "finite"),
        (Float(min=0, max=1), 1.5, "between 0 and 1"),
        (Bool(), "yes", 'true or false, not "yes"'),
        (Bool(), 1, "true or false"),
        (Duration(), "90", "not a duration"),
        (Duration(), -1, "negative"),
        (Duration(max=Fraction(5)), "6s", "between 0s and 5s"),
        (Resolution(), "1280", "must be a size"),
        (Resolution(), "0x5", "at least 1|between 1"),
        (Resolution(max=Size(width=10, height=10)), "20x5", "at most 10x10"),
        (Resolution(), {"width": 5}, "must be a size"),
        (Enum(values=("contain", "cover")), "contian", "must be one of contain, cover"),
        (Enum(values=("a",)), 1, "must be one of"),
        (Array(), "abc", "must be a list"),
        (Array(min_items=2), ["a"], "at least 2 items"),
        (Array(max_items=1), ["a", "b"], "at most 1 items"),
        (Object(), [], "must be an object"),
        (Object(max_items=1), {"a": "1", "b": "2"}, "at most 1 entries"),
        (Object(key_pattern="[a-z]"), {"A": "1"}, "key"),
        (Color(), "blurple", "must be a colour"),
        (Color(), "#12", "must be a colour"),
        (Color(), "#11223344@0.5", "must be a colour"),
        (Color(), 5, "must be a colour"),
        (Int(custom=lambda n: "is odd" if n % 2 else None), 3, "is odd"),
    ],
)
def test_values_that_are_refused(kind: ParamType, value: object, complaint: str) -> None:
    with pytest.raises(Rejected, match=complaint):
        kind.convert(value)


def test_every_bad_item_is_found_with_its_place() -> None:
    with pytest.raises(Rejected) as caught:
        Array(item_type=Array(item_type=Int())).convert([[1, "x"], "y", [2.5]])
    assert [finding.at for finding in caught.value.findings] == ["/0/1", "/1", "/2/0"]


def test_a_near_miss_gets_a_suggestion() -> None:
    with pytest.raises(Rejected) as caught:
        Color().convert("rde")
    assert caught.value.findings[0].suggestion == 'Did you mean "red"?'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(ALL), json_values)
def test_any_json_is_converted_or_refused(kind: ParamType, value: Any) -> None:
    try:
        converted = kind.convert(value)
    except Rejected:
        return
    again = kind.convert(kind.plain(converted))
    assert again == converted


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.kind)
def test_rules_and_schema_are_json(kind: ParamType) -> None:
    assert isinstance(kind.schema(), dict)
    assert all(not isinstance(rule, Fraction) for rule in kind.rules().values())


def test_sizes_and_rates_are_written_back_as_text() -> None:
    assert Resolution().plain(Resolution().convert("64x48")) == "64x48"
    assert Resolution().plain(None) is None
    assert FrameRate().plain(FrameRate().convert("30000/1001")) == "30000/1001"
    assert FrameRate().plain(None) is None
    assert Array(item_type=Int(min=1)).rules()["item_type"] == {"type": "int", "min": 1}


@dataclass(frozen=True, kw_only=True)
class Words(ParamType):
    """A type whose rule is a list."""

    words: tuple[str, ...] = ("a", "b")


def test_rules_that_are_lists_are_documented_as_lists() -> None:
    assert Words().rules() == {"words": ["a", "b"]}
