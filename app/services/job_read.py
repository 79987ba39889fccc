"""Read jobs: one, a page, logs, plan, steps. A foreign job is as absent as an unknown one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import settings
from app.errors import Failure
from app.queue import waiting
from app.services.failure_analysis import analyse
from app.services.job_view import Situation, show_job, show_log, show_steps
from app.services.stored_plan import plan_of
from app.services.why import Rules, why
from app.store import attempts, jobs, steps, surroundings
from app.store.models import Job, Step
from app.store.session import transaction
from app.store.status import TERMINAL, JobStatus
from app.store.surroundings import Surroundings
from operators.problem import Code

_JOB_ID = re.compile(r"job_[0-9a-f]{32}", re.ASCII)


def as_job_id(text: str) -> str:
    """The text if it has the form of a job id. Raises: ValueError."""
    if not _JOB_ID.fullmatch(text):
        raise ValueError("not a job id")
    return text


def find_job(session: Session, job_id: str, tenant_id: str) -> Job:
    """The tenant's job. Raises: Failure JOB_NOT_FOUND."""
    job = jobs.get(session, job_id, tenant_id) if _JOB_ID.fullmatch(job_id) else None
    if job is None:
        raise Failure(code=Code.JOB_NOT_FOUND, message=f"There is no job {job_id[:64]}.")
    return job


def get(job_id: str, tenant_id: str) -> dict[str, Any]:
    with transaction() as session:
        job, rows = find_job(session, job_id, tenant_id), steps.of_job(session, job_id)
        analysis = analyse(job, rows, attempts.of_job(session, job_id)) if job.error else None
        around = _around(session, tenant_id, [job])
    place = _positions([job]).get(job_id)
    return _shown(job, rows, place, around, analysis)


def _around(session: Session, tenant_id: str, found: Sequence[Job]) -> Surroundings | None:
    """What the jobs among them that have not ended may wait for."""
    live = [job.job_id for job in found if job.status not in TERMINAL]
    stale_s = float(settings.current().stale_s)
    return surroundings.look(session, tenant_id, live, stale_s) if live else None


def _shown(
    job: Job,
    rows: Sequence[Step],
    place: int | None,
    around: Surroundings | None,
    analysis: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A job with what it waits for."""
    if around is None:
        return show_job(job, rows, place, analysis)
    now = settings.current()
    rules = Rules(
        heartbeat_s=float(now.heartbeat_s),
        stale_s=float(now.stale_s),
        stall_s=float(now.stall_timeout_s),
        concurrent_jobs=now.limit_concurrent_jobs,
    )
    situation = Situation(
        why=why(job, rows, place, around, rules), running=around.running.get(job.job_id, ())
    )
    return show_job(job, rows, place, analysis, situation)


def _positions(found: Sequence[Job]) -> dict[str, int]:
    """The places in the queue of those that wait; one round trip to Redis, none if nobody waits."""
    return waiting.positions(
        [
            (job.tenant_id, job.job_id)
            for job in found
            if job.status == JobStatus.PENDING and job.admitted_at is None
        ]
    )


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which jobs a list shows; empty means all."""

    statuses: Sequence[str] = ()
    tags: Sequence[str] = ()
    """KEY:VALUE; there may be more colons in either."""
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page, and the key of its last row where more follow."""

    data: list[dict[str, Any]]
    next_key: tuple[Any, ...] | None


def page(tenant_id: str, which: Filter, before: tuple[datetime, str] | None, limit: int) -> Page:
    """The newest jobs first."""
    with transaction() as session:
        found = jobs.page(
            session, tenant_id, statuses=which.statuses, tags=which.tags,
            created_after=which.created_after, created_before=which.created_before,
            before=before, limit=limit + 1,
        )  # fmt: skip
        shown = found[:limit]
        places = _positions(shown)
        rows = steps.of_jobs(session, [job.job_id for job in shown])
        around = _around(session, tenant_id, shown)
        data = [_shown(job, rows[job.job_id], places.get(job.job_id), around) for job in shown]
    has_more = len(found) > limit
    return Page(data=data, next_key=(shown[-1].created_at, shown[-1].job_id) if has_more else None)


def logs(
    job_id: str, tenant_id: str, stage: str | None, level: str | None, after: int, limit: int
) -> Page:
    """Log lines, oldest first."""
    with transaction() as session:
        find_job(session, job_id, tenant_id)
        found = jobs.logs(session, job_id, stage=stage, level=level, after=after, limit=limit + 1)
    shown = found[:limit]
    key = (shown[-1].id,) if len(found) > limit else None
    return Page(data=[show_log(line) for line in shown], next_key=key)


def plan(job_id: str, tenant_id: str) -> dict[str, Any]:
    with transaction() as session:
        job = find_job(session, job_id, tenant_id)
        if job.plan is None:
            raise Failure(code=Code.PLAN_NOT_READY)
        return plan_of(job).to_json()


def steps_of(job_id: str, tenant_id: str) -> Page:
    """Steps with every attempt."""
    with transaction() as session:
        find_job(session, job_id, tenant_id)
        shown = show_steps(steps.of_job(session, job_id), attempts.of_job(session, job_id))
    return Page(data=shown, next_key=None)
