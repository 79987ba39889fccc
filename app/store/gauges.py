"""What is there now, counted for metrics; only what is alive, so that a long history costs nothing. Never commits."""

from collections.abc import Sequence

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.store.admissions import is_waiting
from app.store.models import Job, Step, Worker
from app.store.status import LIVE, StepStatus

_NOW = func.clock_timestamp()


def jobs(session: Session) -> Sequence[Row[str, int]]:
    """Live jobs: status, count."""
    query = select(Job.status, func.count()).where(Job.status.in_([s.value for s in LIVE]))
    return session.execute(query.group_by(Job.status)).all()


def steps(session: Session) -> Sequence[Row[str, str, int]]:
    """Steps that are queued or run: kind, status, count."""
    alive = [StepStatus.QUEUED.value, StepStatus.RUNNING.value]
    query = select(Step.kind, Step.status, func.count()).where(Step.status.in_(alive))
    return session.execute(query.group_by(Step.kind, Step.status)).all()


def waiting(session: Session) -> tuple[int, float]:
    """Jobs that wait for admission, and for how many seconds the first of them has."""
    age = func.coalesce(func.extract("epoch", _NOW - func.min(Job.queued_at)), 0)
    count, oldest_s = session.execute(select(func.count(), age).where(is_waiting())).one()
    return count, float(oldest_s)


def workers(session: Session) -> Sequence[Row[str, int, int]]:
    """Workers: status, count, slots."""
    query = select(Worker.status, func.count(), func.sum(Worker.slots)).group_by(Worker.status)
    return session.execute(query).all()
