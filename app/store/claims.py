"""Taking a step: one conditional UPDATE gives the next attempt number, the fencing token. Never commits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from app.store import jobs, places
from app.store.models import Job, Step, StepAttempt
from app.store.session import UNSEEN
from app.store.status import StepStatus
from app.store.steps import NOW, in_seconds, lock

_S = StepStatus


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A step that is ours until the lease ends; `lost` is the attempt that we took it from."""

    attempt: int
    failures: int
    deadline_at: datetime
    now: datetime
    lost: int | None
    is_first: bool = False
    """It is the first of its job."""


def claim(
    session: Session, job_id: str, step_id: str, worker: str, lease_s: float, place: str
) -> Claim | None:
    """Take a step if it is ours to take: queued and due, or running with an expired lease, and
    the files of its job are at `place`, or nowhere yet.

    Anything else (a message that came twice, late, or for a job that ended) gives None.
    """
    lock(session, job_id)
    step = session.execute(
        select(Step.status, Step.attempt).where(Step.job_id == job_id, Step.step_id == step_id)
    ).one_or_none()
    if step is None:
        return None
    is_due = and_(
        Step.status == _S.QUEUED.value, or_(Step.not_before.is_(None), Step.not_before <= NOW)
    )
    is_lost = and_(Step.status == _S.RUNNING.value, Step.lease_until < NOW)
    taken = session.execute(
        update(Step)
        .where(
            Step.job_id == job_id, Step.step_id == step_id, Step.deps_left == 0,
            or_(is_due, is_lost), places.may_run_at(place),
            exists().where(Job.job_id == job_id, jobs.is_running()),
        )
        .values(
            status=_S.RUNNING.value, attempt=Step.attempt + 1, worker=worker, place=place,
            not_before=None,
            lease_until=in_seconds(lease_s), updated_at=NOW,
            # a worker that died with the step in its hands counts against the step (poison)
            failures=Step.failures + (1 if step.status == _S.RUNNING else 0),
        )
        .returning(Step.attempt, Step.failures),
        execution_options=UNSEEN,
    ).one_or_none()  # fmt: skip
    if taken is None:
        return None
    session.execute(
        insert(StepAttempt).values(
            job_id=job_id, step_id=step_id, attempt=taken.attempt, worker=worker
        )
    )
    is_first = jobs.start_clock(session, job_id)
    deadline, now = session.execute(select(Job.deadline_at, NOW).where(Job.job_id == job_id)).one()
    lost = step.attempt if step.status == _S.RUNNING else None
    return Claim(
        attempt=taken.attempt, failures=taken.failures, deadline_at=deadline, now=now, lost=lost,
        is_first=is_first,
    )  # fmt: skip
