"""Change a job's priority: its place in the queue at once, its later messages as they are sent."""

from typing import Any

from app.errors import Failure
from app.queue import waiting
from app.services.job_admit import as_waiting
from app.services.job_read import find_job
from app.services.job_view import show_job
from app.store import jobs, steps
from app.store.session import transaction
from app.store.status import JobStatus
from operators.problem import Code


def change(job_id: str, tenant_id: str, priority: int) -> dict[str, Any]:
    """The job. Raises: Failure JOB_NOT_FOUND, CANNOT_CHANGE."""
    with transaction() as session:
        job = find_job(session, job_id, tenant_id)
        if not jobs.set_priority(session, job_id, priority):
            raise Failure(code=Code.CANNOT_CHANGE, message=f"The job is {job.status} already.")
        session.refresh(job)
        view = show_job(job, steps.of_job(session, job_id))
    if job.status == JobStatus.PENDING and job.admitted_at is None:
        waiting.put(as_waiting(job))
    return view
