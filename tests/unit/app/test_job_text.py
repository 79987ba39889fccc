from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.cli.job_text import doing, print_jobs, print_status, print_steps


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


def test_one_look_at_a_job_tells_where_it_runs_and_why_it_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = datetime.now(UTC)

    def ago(seconds: float) -> str:
        return (now - timedelta(seconds=seconds)).isoformat()

    shown = {
        "job_id": "job_1", "status": "processing", "queue_position": None, "error": None,
        "why": {"code": "WORKER_SILENT", "message": "Worker media1 has been silent for 25 s.", "since": ago(25)},
        "running": [
            {"step_id": "s1", "attempt": 2, "worker_id": "media1@host#ab", "since": ago(90), "heartbeat_at": ago(25), "draining": False}
        ],
        "progress": {
            "overall_percent": 41.0, "eta_ms": 99_000,
            "steps": [{"step_id": "s1", "status": "running", "percent": 41.0, "speed": 2.0}],
        },
    }  # fmt: skip
    print_status(shown)
    told = capsys.readouterr().out
    assert "WORKER_SILENT Worker media1 has been silent for 25 s." in told
    assert "on media1@host, attempt 2 for 90 s, heard 25 s ago" in told
    assert "99 s left" not in told  # which nobody knows now


def test_a_list_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    job_ = {
        "job_id": "job_" + "0" * 32, "created_at": datetime.now(UTC).isoformat(), "status": "downloading_inputs",
        "progress": {"overall_percent": 100.0}, "tags": {"customer": "acme"}, "error": None, "why": None,
    }  # fmt: skip
    print_jobs([job_, {**job_, "error": {"code": "INPUT_NOT_FOUND"}}])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["JOB", "AGE", "STATUS", "%"]
    assert "customer:acme" in lines[2]
    assert "INPUT_NOT_FOUND" in lines[-1]


def test_every_attempt_of_a_step_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=9)
    attempts = [
        {
            "attempt": number, "status": status, "worker": "media1@host#ab", "started_at": begun.isoformat(),
            "completed_at": (begun + timedelta(seconds=4)).isoformat(), "error": error,
        }
        for number, status, error in ((1, "failed", {"code": "STALLED"}), (2, "completed", None))
    ]  # fmt: skip
    print_steps(
        [
            {
                "step_id": "s1",
                "kind": "ffmpeg",
                "status": "completed",
                "depends_on": ["s0"],
                "attempts": attempts,
            }
        ]
    )
    told = capsys.readouterr().out
    assert "after s0" in told
    assert "1  failed     media1@host  4.0 s  STALLED" in told
