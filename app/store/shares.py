"""How much of the service a tenant has at this moment. Never commits."""

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, select, text
from sqlalchemy.orm import Session

from app.store.binds import JOB, STEP, key, table
from app.store.models import Job, Step
from app.store.status import StepStatus
from app.store.steps import NOW

_S = StepStatus
_STEPS, _JOBS = table(Step), table(Job)
_OTHER, _THEIRS = _STEPS.alias(), _JOBS.alias()
_IS_OF_TENANT = and_(_THEIRS.c.job_id == _OTHER.c.job_id, _THEIRS.c.tenant_id == _JOBS.c.tenant_id)
_OUTSTANDING = (
    select(func.count())
    .select_from(_JOBS)
    .join(_THEIRS, _THEIRS.c.tenant_id == _JOBS.c.tenant_id)
    .join(_OTHER, _OTHER.c.job_id == _THEIRS.c.job_id)
    .where(
        _JOBS.c.job_id == JOB,
        _THEIRS.c.priority >= _JOBS.c.priority,
        _OTHER.c.status.in_([_S.QUEUED.value, _S.RUNNING.value]),
        _OTHER.c.deps_left == 0,
    )
)
_BESIDE = (
    select(func.count())
    .select_from(_OTHER)
    .join(_THEIRS, _IS_OF_TENANT)
    .where(
        _OTHER.c.status == _S.RUNNING.value,
        _OTHER.c.lease_until > NOW,
        _OTHER.c.worker == bindparam("by"),
    )
    .correlate(_JOBS)
    .scalar_subquery()
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:by, 20))")
_IS_READY = and_(
    _STEPS.c.status == _S.QUEUED.value, _STEPS.c.deps_left == 0,
)  # fmt: skip
_DUE_IN = func.greatest(0, func.extract("epoch", _STEPS.c.not_before - NOW))
_SHARE = (
    select(
        _IS_READY.label("is_ready"),
        _BESIDE.label("beside"),
        func.coalesce(_DUE_IN, 0).label("due_in_s"),
    )
    .select_from(_STEPS)
    .join(_JOBS, _JOBS.c.job_id == _STEPS.c.job_id)
    .where(_STEPS.c.job_id == JOB, _STEPS.c.step_id == STEP)
)


def outstanding(session: Session, job_id: str) -> int:
    """How many steps of the job's tenant wait for a worker or run, in jobs that are at least as
    urgent as this one."""
    return int(session.scalar(_OUTSTANDING, {"in_job": job_id}) or 0)


@dataclass(frozen=True, kw_only=True)
class Share:
    """`is_ready`: the step waits for a worker; `due_in_s`: it is to wait for so long yet; `beside`: steps
    of its tenant that the worker runs."""

    is_ready: bool
    beside: int
    due_in_s: float = 0


def lock_worker(session: Session, worker: str) -> None:
    """One claim of a worker at a time, until the transaction ends: what is counted stays true."""
    session.execute(_LOCK, {"by": worker})


def at_worker(session: Session, job_id: str, step_id: str, worker: str) -> Share:
    """What the step's tenant has of a worker already."""
    row = session.execute(_SHARE, {**key(job_id, step_id), "by": worker}).one_or_none()
    if row is None:
        return Share(is_ready=False, beside=0)
    return Share(is_ready=row.is_ready, beside=row.beside, due_in_s=float(row.due_in_s))
