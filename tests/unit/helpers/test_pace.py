"""Waits of tests: they end as soon as they can, and tell what they saw where they cannot."""

import re
import time
from pathlib import Path

import pytest

from tests.helpers import pace

TESTS = Path(__file__).parents[2]
SLEEPERS = {"pace.py", "test_forks.py", "parts.py", "web.py", "chaos.py", "neighbours.py", "test_web.py", "test_queue_client.py", "test_s3.py"}  # fmt: skip
"""Servers and programs that are slow on purpose, faults at random moments, and the one place that waits."""


@pytest.fixture
def twice_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_PIPELINE_TEST_PACE", "2")


def test_the_first_true_answer_ends_a_wait() -> None:
    answers = iter(["", "", "here", "late"])
    assert pace.until("it comes", lambda: next(answers), 5) == "here"


def test_a_wait_that_is_over_says_for_what_it_was_and_what_it_saw(twice_as_slow: None) -> None:
    began = time.monotonic()
    with pytest.raises(AssertionError) as late:
        pace.until("the job ends", lambda: 0, 0.1, lambda: "job: running")
    assert time.monotonic() - began >= 0.2
    for text in ("the job ends", "0.1 s × 2.00", "last answer was 0", "job: running"):
        assert text in str(late.value)


def test_all_times_are_multiplied_by_one_factor(twice_as_slow: None) -> None:
    assert (pace.factor(), pace.scaled(1.5)) == (2, 3)


def test_a_slow_encoder_makes_a_slow_machine(tmp_path: Path) -> None:
    slow = tmp_path / "ffmpeg"
    slow.write_text("#!/bin/sh\nsleep 0.9\n")
    slow.chmod(0o755)
    assert pace.measure(str(slow)) >= 2


def test_tests_wait_for_something_and_not_for_a_time() -> None:
    """A sleep of a process that is tested does not count: it stands in a text."""
    sleeps = re.compile(r"^\s*time\.sleep\(", re.MULTILINE)
    found = {path.name for path in TESTS.rglob("*.py") if sleeps.search(path.read_text())}
    assert found <= SLEEPERS
