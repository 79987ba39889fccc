"""Attempts: executions of steps, each a row that is never overwritten once it is closed. Never commits."""

from functools import cache
from typing import Any

from sqlalchemy import CTE, Update, and_, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app import metrics
from app.store.binds import ATTEMPT, JOB, STEP, fill, key, placeholders, table
from app.store.models import Step, StepAttempt
from app.store.session import after_commit
from app.store.status import StepStatus

_NOW = func.clock_timestamp()
_TABLE = table(StepAttempt)
_C, _STEP = _TABLE.c, table(Step).c
_IS_IT = and_(_C.job_id == JOB, _C.step_id == STEP, _C.attempt == ATTEMPT)
_OF_JOB = (
    select(StepAttempt)
    .where(StepAttempt.job_id == JOB)
    .order_by(StepAttempt.step_id, StepAttempt.attempt)
)
_NUMBERS = select(Step.step_id, Step.attempt).where(Step.job_id == JOB)
_RESULTS = (
    select(StepAttempt.step_id, StepAttempt.result)
    .where(StepAttempt.job_id == JOB, StepAttempt.result.is_not(None))
    .order_by(StepAttempt.attempt)
)


def of_job(session: Session, job_id: str) -> list[StepAttempt]:
    return list(session.scalars(_OF_JOB, {"in_job": job_id}))


def numbers_of(session: Session, job_id: str) -> dict[str, int]:
    """The latest attempt of every step."""
    return {row.step_id: row.attempt for row in session.execute(_NUMBERS, {"in_job": job_id})}


def results_of(session: Session, job_id: str) -> dict[str, dict[str, Any]]:
    """By step, what its latest attempt that found something found."""
    rows = session.execute(_RESULTS, {"in_job": job_id})
    return {step_id: found for step_id, found in rows if found is not None}


def opened(taken: CTE) -> CTE:
    """SQL: the row of an attempt that begins, for a step that is taken in the same statement."""
    row = select(taken.c.job_id, taken.c.step_id, taken.c.attempt, taken.c.worker)
    return insert(_TABLE).from_select(list(row.selected_columns.keys()), row).cte("opened")


def annotate(session: Session, job_id: str, step_id: str, attempt: int, **values: Any) -> None:
    """Add what is known of a running attempt, such as its command."""
    known = {**key(job_id, step_id, attempt), **fill(values)}
    session.execute(_annotation(tuple(values)), known)


@cache
def _annotation(names: tuple[str, ...]) -> Update:
    return update(_TABLE).where(_IS_IT).values(placeholders(names))


def close(
    session: Session, job_id: str, step_id: str, attempt: int, status: StepStatus, **values: Any
) -> None:
    """Write how an attempt ended, once."""
    known = {**key(job_id, step_id, attempt), **fill(values), "ended": status.value}
    closed = session.execute(_closing(tuple(values)), known).one_or_none()
    if closed is not None:
        after_commit(session, lambda: _count(closed[0], status, float(closed[1])))


@cache
def _closing(names: tuple[str, ...]) -> Update:
    which = (
        _IS_IT, _C.status == StepStatus.RUNNING.value,
        _STEP.job_id == _C.job_id, _STEP.step_id == _C.step_id,
    )  # fmt: skip
    lasted_s = func.extract("epoch", _NOW - _C.started_at)
    changes = {"status": bindparam("ended"), "completed_at": _NOW, **placeholders(names)}
    return update(_TABLE).where(*which).values(changes).returning(_STEP.kind, lasted_s)


def _count(kind: str, status: StepStatus, lasted_s: float) -> None:
    metrics.step_attempts.labels(kind, status.value).inc()
    if status is StepStatus.COMPLETED:
        metrics.step_duration.labels(kind).observe(lasted_s)
