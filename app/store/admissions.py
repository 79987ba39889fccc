"""Which jobs wait, which are admitted, and whether any are. Never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import metrics
from app.store import workers
from app.store.binds import JOB, table
from app.store.models import Job, QueueControl
from app.store.session import after_commit
from app.store.status import TERMINAL, JobStatus

_NOW = func.clock_timestamp()
_ONE_AT_A_TIME = 0x6D70_6164  # the key of the advisory lock


def is_waiting(of: Any = Job) -> ColumnElement[bool]:
    """SQL: the job is to be admitted before anything is done for it."""
    return and_(of.status == JobStatus.PENDING.value, of.admitted_at.is_(None))


_JOBS = table(Job)
_C = _JOBS.c
_LOCK = text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
_IS_PAUSED = select(table(QueueControl).c.is_paused)
_ADMIT = (
    update(_JOBS)
    .where(_C.job_id == JOB, is_waiting(_C))
    .values(admitted_at=_NOW, updated_at=_NOW)
    .returning(func.extract("epoch", _NOW - _C.queued_at))
)
_ADMITTED = (
    select(_C.tenant_id, func.count().label("jobs"))
    .where(_C.admitted_at.is_not(None), _C.status.not_in([s.value for s in TERMINAL]))
    .group_by(_C.tenant_id)
)
_BY_TENANT = _ADMITTED.subquery()
_LOOK = select(
    _IS_PAUSED.scalar_subquery().label("is_paused"),
    workers.SLOTS.scalar_subquery().label("slots"),
    select(func.jsonb_object_agg(_BY_TENANT.c.tenant_id, _BY_TENANT.c.jobs))
    .scalar_subquery()
    .label("admitted"),
)
_OF_TENANT = select(_C.job_id).where(is_waiting(_C), _C.tenant_id == bindparam("of"))
_COUNT = select(func.count()).select_from(
    _OF_TENANT.limit(bindparam("most", type_=Integer)).subquery()
)


def lock(session: Session) -> None:
    """One admission at a time, until the transaction ends: what is counted stays true."""
    session.execute(_LOCK)


def admit(session: Session, job_id: str) -> bool:
    """Admit a job that waits; False when it does not wait (any more)."""
    waited_s = session.scalar(_ADMIT, {"in_job": job_id})
    if waited_s is None:
        return False
    after_commit(session, lambda: metrics.job_wait.observe(float(waited_s)))
    return True


@dataclass(frozen=True, kw_only=True)
class State:
    """What decides how many more jobs may be admitted."""

    is_paused: bool
    slots: int
    """Of all media workers that were heard lately."""
    admitted: Mapping[str, int]
    """Jobs that have not ended, by tenant."""


def look(session: Session, stale_s: float) -> State:
    """How things are, in one query: every job asks twice."""
    row = session.execute(_LOOK, {"stale_s": stale_s}).one()
    return State(
        is_paused=bool(row.is_paused), slots=int(row.slots or 0), admitted=row.admitted or {}
    )


def count_admitted(session: Session) -> Mapping[str, int]:
    """Admitted jobs that have not ended, by tenant."""
    return {row.tenant_id: row.jobs for row in session.execute(_ADMITTED)}


def is_full(session: Session, tenant_id: str, most: int) -> bool:
    """Whether so many jobs of a tenant wait; counts no further."""
    return session.scalar(_COUNT, {"of": tenant_id, "most": most}) == most


def count_waiting(session: Session) -> Mapping[str, int]:
    """Jobs that wait, by tenant."""
    query = (
        select(Job.tenant_id, func.count().label("jobs"))
        .where(is_waiting())
        .group_by(Job.tenant_id)
    )
    return {row.tenant_id: row.jobs for row in session.execute(query)}


def waiting(session: Session, tenant_id: str) -> list[tuple[str, int, int]]:
    """All that a tenant has waiting: id, priority, and since when in ms."""
    since = func.floor(1000 * func.extract("epoch", Job.queued_at))
    query = select(Job.job_id, Job.priority, since).where(Job.tenant_id == tenant_id, is_waiting())
    return [(job_id, priority, int(ms)) for job_id, priority, ms in session.execute(query)]


def is_paused(session: Session) -> bool:
    return bool(session.scalar(_IS_PAUSED))


def set_paused(session: Session, paused: bool) -> None:
    """Stop admitting jobs, or go on; what is admitted goes on either way."""
    values = {"id": 1, "is_paused": paused}
    session.execute(
        insert(QueueControl)
        .values(**values)
        .on_conflict_do_update(
            index_elements=[QueueControl.id], set_={"is_paused": paused, "changed_at": _NOW}
        )
    )
