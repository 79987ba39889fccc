"""Cancel a job: the status at once; the worker that runs it notices within half a second."""

from typing import Any

from app.errors import Failure
from app.queue import send, waiting
from app.services import webhook_note
from app.services.job_read import find_job
from app.services.job_view import show_job
from app.store import jobs, steps
from app.store.session import transaction
from app.store.status import JobStatus
from operators.problem import Code


def cancel(job_id: str, tenant_id: str) -> dict[str, Any]:
    """The cancelled job; again is the same. Raises: Failure JOB_NOT_FOUND, CANNOT_CANCEL."""
    with transaction() as session:
        job = find_job(session, job_id, tenant_id)
        is_new = jobs.move(session, job_id, JobStatus.CANCELLED)
        if is_new:
            steps.cancel_waiting(session, job_id)
            jobs.log(session, job_id, "info", "cancelled", "Job cancelled.")
            webhook_note.note(session, job_id, "job.cancelled")
        session.refresh(job)
        if job.status != JobStatus.CANCELLED:
            raise Failure(code=Code.CANNOT_CANCEL, message=f"The job is {job.status} already.")
        view = show_job(job, steps.of_job(session, job_id))
    if is_new:
        waiting.drop(tenant_id, job_id)
        send.enqueue_admit()  # there may be room for another one
    return view
