"""Taking a step: one conditional UPDATE gives the next attempt number, the fencing token. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from app.store import attempts, jobs, places
from app.store.binds import JOB, STEP, key, table
from app.store.models import Job, Step
from app.store.status import RUNNING, StepStatus
from app.store.steps import NOW, in_seconds, lock_job

_S = StepStatus


_STEPS = table(Step)
_C = _STEPS.c
_IS_IT = and_(_C.job_id == JOB, _C.step_id == STEP)
_BEFORE = select(_C.status, _C.attempt, _C.kind, _C.nodes).where(_IS_IT)
_IS_RUNNING = _C.status == _S.RUNNING.value
_IS_DUE = and_(_C.status == _S.QUEUED.value, or_(_C.not_before.is_(None), _C.not_before <= NOW))
_IS_LOST = and_(_IS_RUNNING, _C.lease_until < NOW)
_TAKEN = (
    update(_STEPS)
    .where(
        _IS_IT, _C.deps_left == 0, or_(_IS_DUE, _IS_LOST), places.may_run_at(bindparam("at")),
    )
    .values(
        status=_S.RUNNING.value, attempt=_C.attempt + 1, worker=bindparam("by"),
        place=bindparam("at"), not_before=None, lease_until=in_seconds(bindparam("lease_s")),
        updated_at=NOW,
        # a worker that died with the step in its hands counts against the step (poison)
        failures=_C.failures + case((_IS_RUNNING, 1), else_=0),
    )
    .returning(_C.job_id, _C.step_id, _C.attempt, _C.worker, _C.failures, NOW.label("now"))
    .cte("taken")
)  # fmt: skip
_TAKE = select(_TAKEN).add_cte(attempts.opened(_TAKEN))


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A step that is ours until the lease ends; `lost` is the attempt that we took it from."""

    job: Job
    attempt: int
    failures: int
    kind: str
    """Of the step: which workers take it."""
    nodes: Sequence[str]
    seconds_left: float
    """Until the job's deadline."""
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
    job = lock_job(session, job_id)
    if job is None or job.status not in RUNNING:
        return None
    known = key(job_id, step_id)
    step = session.execute(_BEFORE, known).one_or_none()
    if step is None:
        return None
    asked = {**known, "by": worker, "at": place, "lease_s": lease_s}
    taken = session.execute(_TAKE, asked).one_or_none()
    if taken is None:
        return None
    is_first = job.deadline_at is None
    deadline_at = jobs.start_clock(session, job_id) if job.deadline_at is None else job.deadline_at
    lost = step.attempt if step.status == _S.RUNNING else None
    return Claim(
        job=job, attempt=taken.attempt, failures=taken.failures, lost=lost, is_first=is_first,
        kind=step.kind, nodes=step.nodes, seconds_left=(deadline_at - taken.now).total_seconds(),
    )  # fmt: skip
