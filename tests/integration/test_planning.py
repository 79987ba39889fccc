"""Planning is done by one worker at a time, and what is late changes nothing."""

import pytest

from app.errors import Failure
from app.services import job_fail, job_plan
from app.store import jobs
from app.store.session import exclusive, transaction
from app.store.status import UNPLANNED
from operators.problem import Code
from tests.helpers.rows import add_job, add_processing_job

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


def status(job_id: str) -> tuple[str, str | None]:
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        return job.status, (job.error or {}).get("code")


def plan(job_id: str) -> None:
    with transaction() as session:
        job = jobs.get(session, job_id)
    assert job
    job_plan.plan_job(job)


def test_what_one_holds_another_does_not_get() -> None:
    with exclusive("a") as first, exclusive("a") as second, exclusive("b") as other:
        assert (first, second, other) == (True, False, True)
    with exclusive("a") as again:
        assert again


def test_a_job_that_is_being_planned_is_left_alone() -> None:
    job_id = add_job()
    with exclusive(f"plan {job_id}"):
        plan(job_id)
    assert status(job_id) == ("pending", None)


def test_a_fault_of_ours_fails_the_job_instead_of_coming_back_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(job_plan, "parse_spec", broken)
    job_id = add_job()
    plan(job_id)
    assert status(job_id) == ("failed", "INTERNAL_ERROR")


def test_a_planner_that_is_late_cannot_fail_a_running_job() -> None:
    job_id = add_processing_job(s1="")
    with transaction() as session:
        late = Failure(code=Code.MEDIA_PROBE_FAILED)
        assert not job_fail.fail(session, job_id, late, among=UNPLANNED)
    assert status(job_id) == ("processing", None)
