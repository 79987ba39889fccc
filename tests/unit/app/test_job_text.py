from typing import Any

import pytest

from app.cli.job_text import doing


def job(*steps: tuple[str, float | None], status: str = "processing") -> dict[str, Any]:
    return {"status": status, "progress": {"steps": [{"status": s, "speed": x} for s, x in steps]}}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("completed", 9.0), ("running", 2.31)], "processing 2.3x"),
        ([("completed", 9.0), ("pending", None)], "processing"),
        ([("running", 0.01)], "processing"),
        ([("running", None), ("running", 1.5)], "processing 1.5x"),
    ],
)
def test_the_speed_is_that_of_what_runs_now(
    steps: list[tuple[str, float | None]], said: str
) -> None:
    assert doing(job(*steps)) == said
