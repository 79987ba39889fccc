"""How far a job is, and when it will be done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services.job_view import show_progress
from app.store.models import Job, Step


def step(number: int, weight: int, percent: float, needs: str = "") -> Step:
    return Step(
        step_id=f"s{number}", position=number, weight=weight, percent=percent, status="running",
        depends_on=needs.split(),
    )  # fmt: skip


def progress(seconds: float, *steps: Step) -> dict[str, Any]:
    started = datetime.now(UTC) - timedelta(seconds=seconds)
    return show_progress(Job(status="processing", started_at=started), steps)


def test_nothing_done_yet_is_what_was_estimated() -> None:
    assert progress(0, step(1, 8000, 0), step(2, 4000, 0, "s1"))["eta_ms"] == 12_000


def test_steps_side_by_side_do_not_add_up() -> None:
    assert progress(0, step(1, 8000, 0), step(2, 4000, 0))["eta_ms"] == 8000


def test_a_job_that_goes_half_as_fast_takes_twice_as_long() -> None:
    assert progress(10, step(1, 10_000, 50))["eta_ms"] == pytest.approx(10_000, rel=0.05)


def test_a_slow_first_moment_says_little() -> None:
    assert progress(1, step(1, 10_000, 1))["eta_ms"] == pytest.approx(14_000, rel=0.1)
