"""Attempts: executions of steps, each a row that is never overwritten once it is closed. Never commits."""

from functools import cache
from typing import Any

from sqlalchemy import Update, and_, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app import metrics
from app.store.binds import ATTEMPT, JOB, STEP, fill, key, placeholders, table
from app.store.models import Step, StepAttempt
from app.store.session import UNSEEN, after_commit
from app.store.status import StepStatus

_NOW = func.clock_timestamp()
_IS_IT = and_(
    StepAttempt.job_id == JOB, StepAttempt.step_id == STEP, StepAttempt.attempt == ATTEMPT
)
_OF_JOB = (
    select(StepAttempt)
    .where(StepAttempt.job_id == JOB)
    .order_by(StepAttempt.step_id, StepAttempt.attempt)
)
_OPEN = insert(table(StepAttempt))
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


def open_(session: Session, job_id: str, step_id: str, attempt: int, worker: str) -> None:
    """The row of an attempt that begins."""
    row = {"job_id": job_id, "step_id": step_id, "attempt": attempt, "worker": worker}
    session.execute(_OPEN, row)


def annotate(session: Session, job_id: str, step_id: str, attempt: int, **values: Any) -> None:
    """Add what is known of a running attempt, such as its command."""
    session.execute(
        _annotation(tuple(values)),
        {**key(job_id, step_id, attempt), **fill(values)},
        execution_options=UNSEEN,
    )


@cache
def _annotation(names: tuple[str, ...]) -> Update:
    return update(StepAttempt).where(_IS_IT).values(placeholders(names))


def close(
    session: Session, job_id: str, step_id: str, attempt: int, status: StepStatus, **values: Any
) -> None:
    """Write how an attempt ended, once."""
    closed = session.execute(
        _closing(tuple(values)),
        {**key(job_id, step_id, attempt), **fill(values), "ended": status.value},
        execution_options=UNSEEN,
    ).one_or_none()
    if closed is not None:
        after_commit(session, lambda: _count(closed[0], status, float(closed[1])))


@cache
def _closing(names: tuple[str, ...]) -> Update:
    which = (
        _IS_IT, StepAttempt.status == StepStatus.RUNNING.value,
        Step.job_id == StepAttempt.job_id, Step.step_id == StepAttempt.step_id,
    )  # fmt: skip
    lasted_s = func.extract("epoch", _NOW - StepAttempt.started_at)
    changes = {"status": bindparam("ended"), "completed_at": _NOW, **placeholders(names)}
    return update(StepAttempt).where(*which).values(changes).returning(Step.kind, lasted_s)


def _count(kind: str, status: StepStatus, lasted_s: float) -> None:
    metrics.step_attempts.labels(kind, status.value).inc()
    if status is StepStatus.COMPLETED:
        metrics.step_duration.labels(kind).observe(lasted_s)
