"""What jobs wait for, as it is now: the queue, the workers, who runs what. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.store.models import Job, QueueControl, Step, StepAttempt, Worker
from app.store.status import TERMINAL, StepStatus, WorkerStatus

_NOW = func.clock_timestamp()
_RECENT = _NOW - func.make_interval(0, 0, 0, 0, 0, 0, bindparam("stale_s"))
_SERVED = select(func.unnest(Worker.queues)).where(
    Worker.status == WorkerStatus.ACTIVE.value, Worker.last_heartbeat_at >= _RECENT
)
_LOOK = select(
    _NOW.label("now"),
    select(QueueControl.changed_at)
    .where(QueueControl.is_paused)
    .scalar_subquery()
    .label("paused_at"),
    func.array(_SERVED.scalar_subquery(), type_=ARRAY(Text)).label("queues"),
    select(func.count())
    .where(
        Job.tenant_id == bindparam("of"),
        Job.admitted_at.is_not(None),
        Job.status.not_in([s.value for s in TERMINAL]),
    )
    .scalar_subquery()
    .label("admitted"),
)
"""In one query: every look at a job asks it."""
_BUSY = (
    select(
        StepAttempt.job_id, StepAttempt.step_id, StepAttempt.attempt, StepAttempt.worker,
        StepAttempt.started_at, Worker.last_heartbeat_at, Worker.status.label("worker_status"),
    )
    .select_from(Step)
    .join(
        StepAttempt,
        and_(
            StepAttempt.job_id == Step.job_id, StepAttempt.step_id == Step.step_id,
            StepAttempt.attempt == Step.attempt,
        ),
    )
    .outerjoin(Worker, Worker.worker_id == StepAttempt.worker)
    # by the steps: those that run are few, and known by an index
    .where(Step.status == StepStatus.RUNNING.value)
    .order_by(StepAttempt.started_at, StepAttempt.step_id)
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Running:
    """An attempt that runs. `heartbeat_at` is None where its worker never reported."""

    job_id: str
    step_id: str
    attempt: int
    worker: str
    started_at: datetime
    heartbeat_at: datetime | None
    is_draining: bool


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Times are by the database's clock, `now` included."""

    now: datetime
    paused_at: datetime | None
    """Since when no job is admitted; None where they are."""
    queues: frozenset[str]
    """That workers serve which were heard lately."""
    admitted: int
    """Jobs of the tenant that are worked on."""
    running: Mapping[str, Sequence[Running]]
    """By job."""


def look(session: Session, tenant_id: str, job_ids: Sequence[str], stale_s: float) -> Surroundings:
    """What some jobs of a tenant wait for."""
    row = session.execute(_LOOK, {"of": tenant_id, "stale_s": stale_s}).one()
    found = runs(session, job_ids)
    return Surroundings(
        now=row.now,
        paused_at=row.paused_at,
        queues=frozenset(row.queues),
        admitted=row.admitted,
        running={job_id: [run for run in found if run.job_id == job_id] for job_id in job_ids},
    )


def runs(session: Session, job_ids: Sequence[str] | None = None) -> list[Running]:
    """Attempts that run: of some jobs, or all."""
    query = _BUSY if job_ids is None else _BUSY.where(Step.job_id.in_(job_ids))
    return [
        Running(
            job_id=row.job_id,
            step_id=row.step_id,
            attempt=row.attempt,
            worker=row.worker,
            started_at=row.started_at,
            heartbeat_at=row.last_heartbeat_at,
            is_draining=row.worker_status == WorkerStatus.DRAINING.value,
        )
        for row in session.execute(query)
    ]
