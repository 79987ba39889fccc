"""Queues `media` and `transfer`: one task a step, one FFmpeg command or one transfer a task."""

from math import ceil

from celery import Task

from app import log, settings
from app.queue import names, send
from app.queue.celery import celery
from app.services import step_execute

# the message of a killed pool child comes back when the dead attempt's lease has expired
_AFTER_LOSS_S = ceil(settings.current().lease_s) + 1


@celery.task(name=names.RUN_STEP, bind=True, max_retries=None, default_retry_delay=_AFTER_LOSS_S)
def run_step(self: Task, job_id: str, step_id: str) -> None:  # type: ignore[type-arg]
    """Run a step if it is ours to run; a message may come twice, late or never."""
    worker = settings.current().worker_id or str(self.request.hostname)
    log.bind(job_id=job_id, step_id=step_id, worker=worker)
    outcome = step_execute.execute(job_id, step_id, worker)
    if outcome.retry_in is not None:
        raise self.retry(countdown=outcome.retry_in)
    if outcome.place:
        send.enqueue_step(job_id, step_id, outcome.priority, outcome.kind, outcome.place)
    # a message that was sent again has no chain behind it, so its tail is sent from here
    send.enqueue_next(job_id, () if self.request.chain else outcome.woken, outcome.is_turn)
