"""Queue `transfer`: work that moves or reads bytes without FFmpeg, beside the steps that do."""

from celery import Task

from app import log
from app.queue import names
from app.queue.celery import celery
from app.services import output_digest
from tasks.again import WHEN_POSTGRES_IS_AWAY


@celery.task(name=names.DIGEST_OUTPUTS, bind=True, **WHEN_POSTGRES_IS_AWAY)
def digest_outputs(self: Task, job_id: str) -> None:  # type: ignore[type-arg]
    """Compute the checksums of a finished job's outputs."""
    log.bind(job_id=job_id)
    retry_in = output_digest.digest(job_id)
    if retry_in is not None:
        raise self.retry(countdown=retry_in)
