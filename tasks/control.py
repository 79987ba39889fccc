"""Queues `control` and `planning`: tasks that move jobs on."""

from celery import Task

from app import log
from app.queue import names
from app.queue.celery import celery
from app.services import job_admit, job_advance
from app.services import sweep as sweeping
from tasks import canvas
from tasks.again import WHEN_POSTGRES_IS_AWAY
from tasks.failed import TaskFailed


# late acknowledgement: short and idempotent, so a lost worker's message is simply served again
@celery.task(
    name=names.ADVANCE, bind=True, acks_late=True, throws=(TaskFailed,), **WHEN_POSTGRES_IS_AWAY
)
def advance_job(self: Task, job_id: str) -> None:  # type: ignore[type-arg]
    """Plan a job, or send what may run next, or finish it."""
    log.bind(job_id=job_id)
    canvas.send(job_advance.advance(job_id), self)


@celery.task(
    name=names.PLAN, bind=True, acks_late=True, throws=(TaskFailed,), **WHEN_POSTGRES_IS_AWAY
)
def plan_job(self: Task, job_id: str) -> None:  # type: ignore[type-arg]
    """Plan a job that takes long to plan: its inputs are large, or lie elsewhere."""
    log.bind(job_id=job_id)
    canvas.send(job_advance.advance(job_id, may_take_long=True), self)


@celery.task(name=names.ADMIT, acks_late=True, **WHEN_POSTGRES_IS_AWAY)
def admit_jobs() -> None:
    """Admit waiting jobs as slots and limits allow."""
    log.bind()
    job_admit.admit()


@celery.task(name=names.SWEEP, acks_late=True)
def sweep() -> None:
    """Repair what crashes and lost messages left."""
    log.bind()
    sweeping.sweep_when_due()
