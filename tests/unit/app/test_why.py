"""Why a job waits: each situation that an operator is called for has a code and a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services.why import Rules, why
from app.store.models import Job, Step
from app.store.surroundings import Running, Surroundings

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
RULES = Rules(heartbeat_s=10, stale_s=30, stall_s=120, concurrent_jobs=5)
ALL = frozenset({"control", "planning", "media", "transfer"})


def before(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def a_job(status: str = "processing", **more: Any) -> Job:
    known = {
        "job_id": "job_1",
        "queued_at": before(60),
        "admitted_at": before(50),
        "updated_at": before(5),
    }
    return Job(status=status, **(known | more))


def a_step(status: str = "queued", **more: Any) -> Step:
    known = {
        "step_id": "s1", "kind": "ffmpeg", "deps_left": 0, "queued_at": before(20), "updated_at": before(3),
        "not_before": None, "error": None, "percent": 40.0,
    }  # fmt: skip
    return Step(status=status, **(known | more))


def a_run(**more: Any) -> Running:
    known: dict[str, Any] = {
        "job_id": "job_1", "step_id": "s1", "attempt": 1, "worker": "media1@host#ab", "is_draining": False,
        "started_at": before(40), "heartbeat_at": before(4),
    }  # fmt: skip
    return Running(**(known | more))


def around(*running: Running, **more: Any) -> Surroundings:
    known: dict[str, Any] = {"now": NOW, "paused_at": None, "queues": ALL, "admitted": 1}
    return Surroundings(running={"job_1": running}, **(known | more))


def told(job: Job, *steps: Step, there: Surroundings, place: int | None = None) -> str | None:
    found = why(job, steps, place, there, RULES)
    return found.code if found else None


WAITING = {"status": "pending", "admitted_at": None}
RUNNING = a_step("running")


@pytest.mark.parametrize(
    ("job", "steps", "there", "code", "words"),
    [
        (a_job(**WAITING), [], around(paused_at=before(9)), "QUEUE_PAUSED", "paused"),
        (a_job(**WAITING), [], around(admitted=5), "WAITS_FOR_TENANT_LIMIT", "5 of your jobs"),
        (a_job(**WAITING), [], around(queues=frozenset({"control"})), "WAITS_FOR_WORKER", "queue media"),
        (a_job(**WAITING), [], around(), "WAITS_FOR_SLOT", "number 3"),
        (a_job("validating", plan_due_at=NOW + timedelta(seconds=7)), [], around(), "RETRY_AT", "in 7 s"),
        (a_job("pending"), [], around(queues=frozenset({"media", "planning"})), "WAITS_FOR_WORKER", "queue control"),
        (a_job(), [a_step()], around(), "WAITS_FOR_SLOT", "s1 waits"),
        (a_job(), [a_step()], around(queues=frozenset({"control"})), "WAITS_FOR_WORKER", "queue media"),
        (
            a_job(), [a_step(not_before=NOW + timedelta(seconds=12), error={"code": "STALLED"})], around(),
            "RETRY_AT", "failed (STALLED) and is tried again in 12 s",
        ),
        (a_job(), [RUNNING], around(a_run(heartbeat_at=before(25))), "WORKER_SILENT", "silent for 25 s"),
        (a_job(), [RUNNING], around(a_run(heartbeat_at=before(25))), "WORKER_SILENT", "taken over in 5 s"),
        (a_job(), [a_step("running", updated_at=before(40))], around(a_run()), "FFMPEG_STALLED", "not moved for 40 s"),
    ],
)  # fmt: skip
def test_each_situation_has_a_code_and_says_what_it_is(
    job: Job, steps: list[Step], there: Surroundings, code: str, words: str
) -> None:
    found = why(job, steps, 3, there, RULES)
    assert found is not None
    assert found.code == code
    assert words in found.message
    assert found.to_json()["since"] is not None


@pytest.mark.parametrize(
    ("job", "steps", "there"),
    [
        (a_job("completed"), [], around()),
        (a_job("failed"), [a_step("queued")], around()),
        (a_job("planning"), [], around()),
        (a_job(), [RUNNING], around(a_run())),
        # one step gets on while another one waits
        (a_job(), [RUNNING, a_step(step_id="s2")], around(a_run())),
        # it has just begun, and has had no time to move
        (a_job(), [a_step("running", updated_at=before(90))], around(a_run(started_at=before(2)))),
        (a_job(), [a_step(updated_at=before(0.2))], around()),
        # it is written, and is looked at
        (a_job(), [a_step("running", updated_at=before(90), percent=99)], around(a_run())),
        (a_job(), [a_step(deps_left=1)], around()),
    ],
)  # fmt: skip
def test_a_job_that_gets_on_waits_for_nothing(
    job: Job, steps: list[Step], there: Surroundings
) -> None:
    assert told(job, *steps, there=there) is None


def test_a_step_that_stands_still_is_told_although_another_one_runs() -> None:
    silent = a_run(step_id="s2", worker="media2@host", heartbeat_at=before(28))
    steps = [RUNNING, a_step("running", step_id="s2")]
    found = why(a_job(), steps, None, around(a_run(), silent), RULES)
    assert found is not None
    assert "media2" in found.message
