"""What the table of benchmarks says: verdicts, medians of pairs, and that every row is there."""

from pathlib import Path

import pytest

from bench.figure import Figure, in_turn, ratio
from bench.rows import NAMES, TABLE, row

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("value", "limit", "is_most", "is_met"),
    [(1.0, 1.0, True, True), (1.1, 1.0, True, False), (2.0, 2.0, False, True), (1.9, 2.0, False, False)],
)  # fmt: skip
def test_a_figure_reaches_its_limit_or_is_short(
    value: float, limit: float, is_most: bool, is_met: bool
) -> None:
    figure = Figure(name="x", value=value, limit=limit, unit="×", is_most=is_most)
    assert figure.is_met is is_met
    assert figure.limit_text == f"{'≤' if is_most else '≥'} {limit:.2f} ×"


def test_pairs_are_measured_in_turn() -> None:
    order: list[str] = []
    found = in_turn(2, a=lambda: order.append("a"), b=lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]
    assert {name: len(seconds) for name, seconds in found.items()} == {"a": 2, "b": 2}


def test_one_slow_moment_does_not_decide() -> None:
    assert ratio([1, 50, 1.2], [1, 1, 1]) == 1.2


@pytest.mark.parametrize("number", NAMES)
def test_every_row_can_be_measured(number: int) -> None:
    assert callable(row(number))


def test_every_row_of_the_table_is_explained() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    for number in TABLE:
        assert f"\n**{number}. " in text
