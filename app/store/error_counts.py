"""Errors of failed jobs and attempts, counted by time and code. Never commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from app.store.models import Job, StepAttempt
from app.store.status import JobStatus

_MOST = 1000


def by_period(
    session: Session, period: str, since: datetime
) -> list[tuple[datetime, str, int, int]]:
    """`(start of the period, code, jobs, attempts)`, newest period first, in UTC."""
    sources = union_all(
        _errors(Job, 1, 0).where(Job.status == JobStatus.FAILED.value, Job.completed_at >= since),
        _errors(StepAttempt, 0, 1).where(StepAttempt.completed_at >= since),
    ).subquery()
    start = func.date_trunc(period, sources.c.at, "UTC").label("start")
    rows = session.execute(
        select(start, sources.c.code, func.sum(sources.c.jobs), func.sum(sources.c.attempts))
        .where(sources.c.code.is_not(None))
        .group_by(start, sources.c.code)
        .order_by(start.desc(), sources.c.code)
        .limit(_MOST)
    )
    return [(at, code, int(jobs), int(attempts)) for at, code, jobs, attempts in rows]


def _errors(table: type[Job] | type[StepAttempt], jobs: int, attempts: int) -> Any:
    return select(
        table.completed_at.label("at"),
        table.error["code"].astext.label("code"),
        literal(jobs).label("jobs"),
        literal(attempts).label("attempts"),
    )
