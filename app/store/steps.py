"""Steps: fences, leases, the dependency counter. Never commits.

`attempt` is the fencing token: whoever holds a lower number than the row has lost the step.
Lock order: the job's row before its steps' rows, in every transaction that changes both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.store import jobs
from app.store.binds import ATTEMPT, JOB, STEP, key, table
from app.store.models import Job, Step, StepAttempt
from app.store.session import UNSEEN
from app.store.status import RUNNING, StepStatus

NOW = func.clock_timestamp()
_S = StepStatus


def in_seconds(seconds: Any) -> Any:
    return NOW + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def is_held(job_id: Any, step_id: Any, attempt: Any, of: Any = Step) -> ColumnElement[bool]:
    """SQL: this attempt still owns the step."""
    return and_(
        of.job_id == job_id,
        of.step_id == step_id,
        of.attempt == attempt,
        of.status == _S.RUNNING.value,
    )


# tables, not models: rows that nobody loads as objects are changed at a third of the cost
_JOBS, _STEPS = table(Job), table(Step)
_C, _OTHER = _STEPS.c, _STEPS.alias().c
_IS_HELD = is_held(JOB, STEP, ATTEMPT, _C)
_OF_JOB = select(Step).where(Step.job_id == JOB).order_by(Step.position)
# "no key": rows that merely refer to the job can still be inserted by others
_LOCKED = (
    select(Job)
    .where(Job.job_id == JOB)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_LOCK = select(_JOBS.c.status).where(_JOBS.c.job_id == JOB).with_for_update(key_share=True)
_IS_WANTED = exists().where(_JOBS.c.job_id == JOB, jobs.is_running(_JOBS.c))
_LOOK = select(exists().where(_IS_HELD), _IS_WANTED)
_QUEUE = (
    update(_STEPS)
    .where(_C.job_id == JOB, _C.step_id.in_(bindparam("these", expanding=True)))
    .where(_C.status == _S.PENDING.value)
    .values(status=_S.QUEUED.value, queued_at=NOW, updated_at=NOW)
)
_IS_STAGE_OPEN = exists().where(
    _OTHER.job_id == _C.job_id, _OTHER.stage == _C.stage, _OTHER.kind == _C.kind,
    _OTHER.step_id != _C.step_id, _OTHER.status != _S.COMPLETED.value,
)  # fmt: skip
_HAS_FOLLOWERS = exists().where(_OTHER.job_id == JOB, _OTHER.depends_on.op("?")(STEP))
_COMPLETE = (
    update(_STEPS)
    .where(_IS_HELD)
    .values(
        status=_S.COMPLETED.value,
        percent=100,
        lease_until=None,
        error=None,
        updated_at=NOW,
        progress=func.coalesce(bindparam("last", type_=JSONB(none_as_null=True)), _C.progress),
    )
    .returning(_IS_STAGE_OPEN.label("is_stage_open"), _HAS_FOLLOWERS.label("has_followers"))
)
_COUNT_DOWN = (
    update(_STEPS)
    .where(_C.job_id == JOB, _C.depends_on.op("?")(STEP))
    .values(deps_left=_C.deps_left - 1)
    .returning(_C.step_id, _C.kind, _C.status, _C.deps_left)
)


def add_all(session: Session, job_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the steps of a freshly planned job."""
    session.execute(insert(Step), [{"job_id": job_id, **row} for row in rows])


def of_job(session: Session, job_id: str) -> list[Step]:
    return list(session.scalars(_OF_JOB, {"in_job": job_id}))


def of_jobs(session: Session, job_ids: Sequence[str]) -> dict[str, list[Step]]:
    """The same for several jobs, in one query."""
    found: dict[str, list[Step]] = {job_id: [] for job_id in job_ids}
    query = select(Step).where(Step.job_id.in_(job_ids)).order_by(Step.job_id, Step.position)
    for step in session.scalars(query):
        found[step.job_id].append(step)
    return found


def are_known(session: Session, job_id: str) -> bool:
    """Whether the job has any."""
    return session.scalar(select(exists().where(_C.job_id == job_id))) or False


def kind_of(session: Session, job_id: str, step_id: str) -> str:
    query = select(Step.kind).where(Step.job_id == job_id, Step.step_id == step_id)
    return session.scalars(query).one()


def lock_job(session: Session, job_id: str) -> Job | None:
    """The job's row, locked: changes of its step graph happen one after the other."""
    return session.scalar(_LOCKED, {"in_job": job_id})


def lock(session: Session, job_id: str) -> str | None:
    """The same, for those who do not look at the job; its status."""
    return session.scalar(_LOCK, {"in_job": job_id})


def queue(session: Session, job_id: str, step_ids: Sequence[str]) -> None:
    """Mark pending steps as sent."""
    session.execute(_QUEUE, {"in_job": job_id, "these": list(step_ids)})


def begin_anew(session: Session, step: Step, deps_left: int, **more: Any) -> None:
    """Put a step back to the start, wherever it was; an attempt that still runs has lost it."""
    session.execute(
        update(StepAttempt)
        .where(
            StepAttempt.job_id == step.job_id,
            StepAttempt.step_id == step.step_id,
            StepAttempt.status == _S.RUNNING.value,
        )
        .values(status=_S.CANCELLED.value, completed_at=NOW)
    )
    session.execute(
        update(Step)
        .where(Step.job_id == step.job_id, Step.step_id == step.step_id)
        .values(
            status=_S.PENDING.value, deps_left=deps_left, place=None, not_before=None,
            queued_at=None, lease_until=None, updated_at=NOW, **more,
        )
    )  # fmt: skip


def reset(session: Session, job_id: str, lost: Sequence[str]) -> None:
    """Let all steps that are not completed begin anew, and those whose files are lost, as if they
    had never failed."""
    rows = of_job(session, job_id)
    done = {row.step_id for row in rows if row.status == _S.COMPLETED} - set(lost)
    for row in rows:
        if row.step_id not in done:
            deps_left = len(set(row.depends_on) - done)
            begin_anew(session, row, deps_left, failures=0, error=None, percent=0, progress=None)


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What a renewal learns: is the step still ours, does the job still want it?"""

    is_ours: bool
    is_wanted: bool


def renew(
    session: Session,
    job_id: str,
    step_id: str,
    attempt: int,
    lease_s: float,
    percent: float | None = None,
    progress: dict[str, Any] | None = None,
) -> Pulse:
    """Extend the lease and store the latest progress; `percent` never goes back."""
    changes: dict[str, Any] = {"lease_until": in_seconds(lease_s)}
    if progress is not None:
        changes |= {"progress": progress, "updated_at": NOW}
    if percent is not None:
        changes["percent"] = func.greatest(Step.percent, percent)
    held = session.execute(
        update(Step)
        .where(is_held(job_id, step_id, attempt))
        .values(**changes)
        .returning(Step.attempt),
        execution_options=UNSEEN,
    ).scalar_one_or_none()
    is_wanted = session.scalar(select(_IS_WANTED), {"in_job": job_id})
    return Pulse(is_ours=held is not None, is_wanted=bool(is_wanted))


def look(session: Session, job_id: str, step_id: str, attempt: int) -> Pulse:
    """The same question without writing."""
    is_ours, is_wanted = session.execute(_LOOK, key(job_id, step_id, attempt)).one()
    return Pulse(is_ours=is_ours, is_wanted=is_wanted)


Woken = tuple[tuple[str, str], ...]
"""Steps that wait for nothing more, each with its kind."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What the end of a step lets happen."""

    woken: Woken = ()
    """Queued steps that wait for nothing more."""
    is_turn: bool = False
    """The job may go on: other steps are ready, or this was the last of its stage."""


def complete(
    session: Session,
    job_id: str,
    step_id: str,
    attempt: int,
    progress: dict[str, Any] | None = None,
) -> Completion | None:
    """Finish a step that is still ours in a job that still wants it, and count it down in those that
    wait for it; else None. This is the fence: nobody can take the step, or end the job, before we commit.
    `progress`: how far it came in the end; None: as it was last told.
    """
    known = key(job_id, step_id, attempt)
    if lock(session, job_id) not in RUNNING:
        return None
    done = session.execute(_COMPLETE, {**known, "last": progress}).one_or_none()
    if done is None:
        return None
    counted = session.execute(_COUNT_DOWN, known).all() if done.has_followers else ()
    ready = [row for row in counted if row.deps_left == 0]
    return Completion(
        woken=tuple((row.step_id, row.kind) for row in ready if row.status == _S.QUEUED),
        is_turn=not done.is_stage_open or any(row.status == _S.PENDING for row in ready),
    )


def hand_back(
    session: Session,
    job_id: str,
    step_id: str,
    attempt: int,
    *,
    delay_s: float = 0,
    is_failure: bool,
    error: dict[str, Any] | None = None,
) -> bool:
    """Put a step that is still ours back in the queue, due after `delay_s`."""
    back = session.execute(
        update(Step)
        .where(is_held(job_id, step_id, attempt))
        .values(
            status=_S.QUEUED.value,
            not_before=in_seconds(delay_s),
            queued_at=NOW,
            lease_until=None,
            worker=None,
            failures=Step.failures + (1 if is_failure else 0),
            error=error,
            updated_at=NOW,
        )
        .returning(Step.step_id)
    ).scalar_one_or_none()
    return back is not None


def fail(session: Session, job_id: str, step_id: str, attempt: int, error: dict[str, Any]) -> bool:
    """End a step that is still ours as failed."""
    failed = session.execute(
        update(Step)
        .where(is_held(job_id, step_id, attempt))
        .values(
            status=_S.FAILED.value, error=error, failures=Step.failures + 1, lease_until=None,
            updated_at=NOW,
        )
        .returning(Step.step_id)
    ).scalar_one_or_none()  # fmt: skip
    return failed is not None


def cancel_waiting(session: Session, job_id: str) -> None:
    """Steps that have not begun never will."""
    session.execute(
        update(Step)
        .where(Step.job_id == job_id, Step.status.in_([_S.PENDING.value, _S.QUEUED.value]))
        .values(status=_S.CANCELLED.value, updated_at=NOW)
    )


def cancel_held(session: Session, job_id: str, step_id: str, attempt: int) -> None:
    """A running step whose job ended stops for good."""
    session.execute(
        update(Step)
        .where(is_held(job_id, step_id, attempt))
        .values(status=_S.CANCELLED.value, lease_until=None, updated_at=NOW)
    )
