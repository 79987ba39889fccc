"""Queue `transfer`: work that moves or reads bytes without FFmpeg."""

from app import log
from app.queue import names
from app.queue.celery import celery
from app.services import output_digest


@celery.task(name=names.DIGEST_OUTPUTS)
def digest_outputs(job_id: str) -> None:
    """Compute the checksums of a finished job's outputs."""
    log.bind(job_id=job_id)
    output_digest.digest(job_id)
