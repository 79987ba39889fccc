"""Steps that nobody works on any more: their worker is gone, or their message is lost. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from app.store import jobs
from app.store.models import Job, Step
from app.store.status import StepStatus
from app.store.steps import NOW, in_seconds, is_held

_S = StepStatus


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """A step in the hands of a worker that is gone."""

    job_id: str
    step_id: str
    kind: str
    attempt: int
    failures: int


def stuck(session: Session, limit: int) -> list[Stuck]:
    """Running steps with an expired lease."""
    rows = session.execute(
        select(Step.job_id, Step.step_id, Step.kind, Step.attempt, Step.failures)
        .where(Step.status == _S.RUNNING.value, Step.lease_until < NOW)
        .limit(limit)
    )
    return [Stuck(**row) for row in rows.mappings()]


def lock_if_stuck(session: Session, step: Stuck) -> bool:
    """Lock a step that was found stuck; False when it was taken or renewed meanwhile."""
    # whoever publishes holds the job for a while: it is not stuck, and a heartbeat must not wait
    free = select(Job.job_id).where(Job.job_id == step.job_id).with_for_update(skip_locked=True)
    if session.scalar(free) is None:
        return False
    is_still = and_(is_held(step.job_id, step.step_id, step.attempt), Step.lease_until < NOW)
    return session.scalar(select(Step.attempt).where(is_still).with_for_update()) is not None


def expire_leases_of(session: Session, worker_id: str, lease_s: float, stale_s: float) -> None:
    """What a silent worker ran may be taken at once, unless it renewed since it fell silent."""
    session.execute(
        update(Step)
        .where(
            Step.worker == worker_id,
            Step.status == _S.RUNNING.value,
            Step.lease_until < in_seconds(lease_s - stale_s),
        )
        .values(lease_until=in_seconds(-1))
    )


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """A step whose message may be lost."""

    job_id: str
    step_id: str
    kind: str


def overdue(session: Session, older_than_s: float, limit: int) -> list[Overdue]:
    """Queued steps that are due, ready, and have waited long."""
    old = NOW - func.make_interval(0, 0, 0, 0, 0, 0, older_than_s)
    rows = session.execute(
        select(Step.job_id, Step.step_id, Step.kind)
        .join(Job, Job.job_id == Step.job_id)
        .where(
            jobs.is_running(),
            Step.status == _S.QUEUED.value,
            Step.deps_left == 0,
            func.greatest(Step.queued_at, func.coalesce(Step.not_before, Step.queued_at)) < old,
        )
        .order_by(Step.queued_at)
        .limit(limit)
    )
    return [Overdue(**row) for row in rows.mappings()]


def touch_queued(session: Session, found: Sequence[Overdue]) -> None:
    """Note that messages were sent again, so that the next sweep waits."""
    for step in found:
        session.execute(
            update(Step)
            .where(
                Step.job_id == step.job_id,
                Step.step_id == step.step_id,
                Step.status == _S.QUEUED.value,
            )
            .values(queued_at=NOW)
        )
