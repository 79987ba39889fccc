"""Try a failed job again: what is done stays done, the rest begins anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import settings
from app.errors import Failure
from app.services import job_admit
from app.services.job_read import find_job
from app.services.job_view import show_job
from app.store import jobs, steps
from app.store.models import Job
from app.store.session import transaction
from app.store.status import JobStatus, StepStatus
from operators.problem import Code

# clocks differ, and files may go while the job waits: doing work again is safe
_MARGIN = timedelta(minutes=5)


def retry(job_id: str, tenant_id: str) -> dict[str, Any]:
    """The job, waiting again. Raises: Failure JOB_NOT_FOUND, CANNOT_RETRY."""
    with transaction() as session:
        find_job(session, job_id, tenant_id)
        job = steps.lock_job(session, job_id)
        assert job is not None
        lost = _lost(session, job)
        if not jobs.restart(session, job_id):
            raise Failure(code=Code.CANNOT_RETRY, message=f"The job is {job.status}.")
        steps.reset(session, job_id, lost)
        jobs.log(session, job_id, "info", JobStatus.PENDING, "Job is tried again.")
        session.refresh(job)
        rows = steps.of_job(session, job_id)
    return show_job(job, rows, job_admit.enter(job))


def _lost(session: Session, job: Job) -> list[str]:
    """Finished steps whose files others still need, and which are gone by the rule for failed
    jobs."""
    kept = timedelta(hours=settings.current().retention_work_hours) - _MARGIN
    if job.completed_at is None or datetime.now(UTC) - job.completed_at < kept:
        return []
    rows = steps.of_job(session, job.job_id)
    read = {name for row in rows for name in row.reads}
    return [
        row.step_id for row in rows if row.status == StepStatus.COMPLETED and row.step_id in read
    ]
