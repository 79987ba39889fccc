"""Queue `transfer`: work that moves or reads bytes without FFmpeg, beside the steps that do."""

from celery import Task

from app import log
from app.queue import names
from app.queue.celery import celery
from app.services import job_advance, output_digest
from tasks import canvas
from tasks.again import WHEN_POSTGRES_IS_AWAY


@celery.task(name=names.PLAN, bind=True, acks_late=True, **WHEN_POSTGRES_IS_AWAY)
def plan_job(self: Task, job_id: str) -> None:  # type: ignore[type-arg]
    """Plan a job whose inputs lie elsewhere."""
    log.bind(job_id=job_id)
    canvas.send(job_advance.advance(job_id, may_take_long=True), self)


@celery.task(name=names.DIGEST_OUTPUTS, **WHEN_POSTGRES_IS_AWAY)
def digest_outputs(job_id: str) -> None:
    """Compute the checksums of a finished job's outputs."""
    log.bind(job_id=job_id)
    output_digest.digest(job_id)
