"""Plans that a later version of the service stored: in a rolling upgrade, its workers take their steps."""

from typing import Any

import pytest

from app.errors import Failure
from app.services import job_fail, job_read, step_execute
from app.store import steps
from app.store.models import Job
from app.store.session import transaction
from operators.problem import Code
from planner.plan.versions import VERSION
from tests.helpers.rows import add_processing_job, queue_all

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]

LATER = {"version": VERSION + 1, "steps": "in a form that nobody knows yet"}


def planned(plan: dict[str, Any]) -> str:
    """A job with a webhook whose step is queued."""
    job_id = add_processing_job(s1="")
    with transaction() as session:
        job = session.get_one(Job, job_id)
        job.plan = plan
        job.spec = {**job.spec, "webhook_url": "https://hooks.example/x"}
        (step,) = steps.of_job(session, job_id)
        step.nodes = ["op_0_scale"]
        step.kind = "transfer"
    queue_all(job_id)
    return job_id


def test_its_steps_are_given_back_at_no_cost_however_often_an_older_worker_gets_them() -> None:
    job_id = planned(LATER)
    for _ in range(5):
        outcome = step_execute.execute(job_id, "s1", "older")
        assert outcome.failure is None
        assert outcome.retry_in
        assert outcome.kind == "transfer"
        with transaction() as session:
            (step,) = steps.of_job(session, job_id)
            assert (step.status, step.failures) == ("queued", 0)
            step.not_before = None  # its time has come


def test_its_job_can_fail_and_be_shown() -> None:
    """A sweep that ends a job for its timeout need not be of the version that planned it."""
    job_id = planned(LATER)
    with transaction() as session:
        assert job_fail.fail(session, job_id, Failure(code=Code.TIMEOUT), step_id="s1")
    shown = job_read.get(job_id, "default")
    assert shown["status"] == "failed"
    assert shown["analysis"]["nodes"] == ["op_0_scale"]


def test_a_plan_that_cannot_be_read_at_all_fails_the_job_with_a_code() -> None:
    job_id = planned({"version": VERSION})
    outcome = step_execute.execute(job_id, "s1", "w")
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.kind) == (Code.INTERNAL_ERROR, "transfer")
    shown = job_read.get(job_id, "default")
    assert (shown["status"], shown["error"]["code"]) == ("failed", "INTERNAL_ERROR")
