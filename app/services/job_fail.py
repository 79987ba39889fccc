"""Fail a job, inside the caller's transaction: one error, and nothing of it begins any more."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from app.errors import Failure
from app.services import webhook_note
from app.store import jobs, steps
from app.store.models import Job
from app.store.status import JobStatus
from app.taxonomy import TRIED

_TRIED_ENOUGH = (
    "The service has tried as often as it does. Try again by POST /v1/jobs/{job_id}/retry;"
    " if that fails too, tell whoever runs it."
)


def fail(
    session: Session,
    job_id: str,
    failure: Failure,
    among: Collection[JobStatus] = tuple(JobStatus),
    **place: Any,
) -> bool:
    """True if this failed the job; False if it had ended, or left the statuses `among` which it
    may fail so. `place`: step_id, attempt."""
    job = session.get(Job, job_id)
    stage = job.status if job else "unknown"
    error = failure.to_json(job_id=job_id, request_id=job and job.request_id, **place)
    if error["suggestion"] == TRIED:
        error["suggestion"] = _TRIED_ENOUGH
    if not jobs.move(session, job_id, JobStatus.FAILED, among, error=error):
        return False
    steps.cancel_waiting(session, job_id)
    jobs.log(
        session, job_id, "error", stage, f"{failure.code}: {error['message']}",
        place.get("step_id"), place.get("attempt"),
    )  # fmt: skip
    webhook_note.note(session, job_id, "job.failed")
    return True
