"""Queues `media` and `transfer`: one task a step, one FFmpeg command or one transfer a task."""

import time
from math import ceil

from celery import Task

from app import log, settings
from app.queue import names, send
from app.queue.celery import celery
from app.services import step_execute
from tasks.failed import TaskFailed, failed

_CROWDED_S = 0.3


class StepTask(Task):  # type: ignore[type-arg]
    """The message of a killed pool child comes back when the dead attempt's lease has expired."""

    @property
    def default_retry_delay(self) -> int:  # type: ignore[override]
        return ceil(settings.current().lease_s) + 1


def _place_of(task: Task) -> str | None:  # type: ignore[type-arg]
    """The place whose queue the message came by; None where any worker may have it."""
    queue = str((task.request.delivery_info or {}).get("routing_key", ""))
    return queue.partition(".")[2] or None


@celery.task(base=StepTask, name=names.RUN_STEP, bind=True, max_retries=None, throws=(TaskFailed,))
def run_step(self: Task, job_id: str, step_id: str) -> None:  # type: ignore[type-arg]
    """Run a step if it is ours to run; a message may come twice, late or never."""
    worker = settings.current().worker_id or str(self.request.hostname)
    log.bind(job_id=job_id, step_id=step_id, worker=worker)
    outcome = step_execute.execute(job_id, step_id, worker)
    if outcome.failure is not None and outcome.retry_in is not None:
        send.enqueue_step(job_id, step_id, outcome.level, outcome.kind, in_s=outcome.retry_in)
    elif outcome.retry_in is not None:
        raise self.retry(countdown=outcome.retry_in)
    if outcome.place:
        send.enqueue_step(job_id, step_id, outcome.level, outcome.kind, outcome.place)
    if outcome.is_crowded:
        time.sleep(_CROWDED_S)  # so that a queue of nothing else is not run through all the time
        send.enqueue_step(job_id, step_id, outcome.level, outcome.kind, _place_of(self))
    # a message that was sent again has no chain behind it, so its tail is sent from here
    woken = () if self.request.chain else outcome.woken
    send.enqueue_next(job_id, woken, outcome.level, outcome.is_turn)
    if outcome.failure is not None:
        raise failed(self, outcome.failure)
