"""A failed job that is tried again: what is done stays done."""

import pytest
from sqlalchemy import text

from app.errors import Failure
from app.queue import send
from app.services import job_admit, job_retry
from app.store import attempts, jobs, steps
from app.store.models import Job
from app.store.session import transaction
from app.store.status import JobStatus
from tests.helpers.rows import add_processing_job, claim, let_read, queue_all, statuses

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("enqueue_admit", "enqueue_advance"):
        monkeypatch.setattr(send, name, lambda *_: True)


def half_done() -> str:
    """s1 is done, s2 failed, s3 waits for both."""
    job_id = add_processing_job(s1="", s2="", s3="s1 s2")
    queue_all(job_id)
    claim(job_id, "s1")
    claim(job_id, "s2")
    with transaction() as session:
        steps.complete(session, job_id, "s1", 1)
        steps.fail(session, job_id, "s2", 1, {"code": "INPUT_CORRUPTED"})
        jobs.move(session, job_id, JobStatus.FAILED, error={"code": "INPUT_CORRUPTED"})
        steps.cancel_waiting(session, job_id)
    return job_id


def row(job_id: str) -> Job:
    with transaction() as session:
        job = jobs.get(session, job_id)
    assert job
    return job


def test_only_what_did_not_finish_begins_anew() -> None:
    job_id = half_done()
    shown = job_retry.retry(job_id, "default")
    assert (shown["status"], shown["error"], shown["retry_count"]) == ("pending", None, 1)
    assert (shown["completed_at"], shown["started_at"]) == (None, None)
    assert statuses(job_id) == {"s1": "completed", "s2": "pending", "s3": "pending"}
    with transaction() as session:
        left = {
            step.step_id: (step.deps_left, step.failures) for step in steps.of_job(session, job_id)
        }
    assert left == {"s1": (0, 0), "s2": (0, 0), "s3": (1, 0)}
    assert row(job_id).deadline_at is None


def test_what_begins_anew_may_run_in_another_place() -> None:
    job_id = half_done()
    let_read(job_id, "s3", "s2")
    job_retry.retry(job_id, "default")
    with transaction() as session:
        where = {step.step_id: step.place for step in steps.of_job(session, job_id)}
    assert where == {"s1": "here", "s2": None, "s3": None}


def test_attempts_before_are_kept_and_the_next_has_the_next_number() -> None:
    job_id = half_done()
    job_retry.retry(job_id, "default")
    job_admit.admit()
    with transaction() as session:
        for status in (JobStatus.VALIDATING, JobStatus.PLANNING, JobStatus.DOWNLOADING_INPUTS):
            assert jobs.move(session, job_id, status)
    queue_all(job_id)
    found = claim(job_id, "s2")
    assert found
    assert found.attempt == 2


@pytest.mark.parametrize("status", [None, JobStatus.CANCELLED])
def test_only_failed_jobs_are_tried_again(status: JobStatus | None) -> None:
    job_id = add_processing_job(s1="")
    if status:
        with transaction() as session:
            jobs.move(session, job_id, status)
    with pytest.raises(Failure) as caught:
        job_retry.retry(job_id, "default")
    assert caught.value.code == "CANNOT_RETRY"


def test_an_attempt_that_still_runs_has_lost_its_step() -> None:
    job_id = add_processing_job(s1="", s2="")
    queue_all(job_id)
    claim(job_id, "s1")
    claim(job_id, "s2")
    with transaction() as session:
        steps.fail(session, job_id, "s2", 1, {"code": "INPUT_CORRUPTED"})
        jobs.move(session, job_id, JobStatus.FAILED, error={"code": "INPUT_CORRUPTED"})
    job_retry.retry(job_id, "default")
    with transaction() as session:
        assert steps.complete(session, job_id, "s1", 1) is None
        found = {a.step_id: a.status for a in attempts.of_job(session, job_id)}
    assert found["s1"] == "cancelled"


def test_twice_at_once_is_once() -> None:
    job_id = half_done()
    job_retry.retry(job_id, "default")
    with pytest.raises(Failure):
        job_retry.retry(job_id, "default")
    assert row(job_id).retry_count == 1


def test_steps_whose_files_are_gone_by_rule_run_again() -> None:
    job_id = half_done()
    let_read(job_id, "s3", "s1")
    with transaction() as session:
        session.execute(
            text("UPDATE jobs SET completed_at = now() - interval '2 hours' WHERE job_id = :id"),
            {"id": job_id},
        )
    job_retry.retry(job_id, "default")
    assert set(statuses(job_id).values()) == {"pending"}
