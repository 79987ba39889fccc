"""Steps and attempts: fenced claims, leases, the dependency counter. Never commits.

`attempt` is the fencing token: whoever holds a lower number than the row has lost the step.
Lock order: the job's row before its steps' rows, in every transaction that changes both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update
from sqlalchemy.orm import Session

from app import metrics
from app.store import jobs
from app.store.models import Job, Step, StepAttempt
from app.store.session import UNSEEN, after_commit
from app.store.status import StepStatus

NOW = func.clock_timestamp()
_S = StepStatus


def in_seconds(seconds: float) -> Any:
    return NOW + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def add_all(session: Session, job_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the steps of a freshly planned job."""
    session.execute(insert(Step), [{"job_id": job_id, **row} for row in rows])


def of_job(session: Session, job_id: str) -> list[Step]:
    return list(session.scalars(select(Step).where(Step.job_id == job_id).order_by(Step.position)))


def of_jobs(session: Session, job_ids: Sequence[str]) -> dict[str, list[Step]]:
    """The same for several jobs, in one query."""
    found: dict[str, list[Step]] = {job_id: [] for job_id in job_ids}
    query = select(Step).where(Step.job_id.in_(job_ids)).order_by(Step.job_id, Step.position)
    for step in session.scalars(query):
        found[step.job_id].append(step)
    return found


def kind_of(session: Session, job_id: str, step_id: str) -> str:
    query = select(Step.kind).where(Step.job_id == job_id, Step.step_id == step_id)
    return session.scalars(query).one()


def attempts_of(session: Session, job_id: str) -> list[StepAttempt]:
    query = select(StepAttempt).where(StepAttempt.job_id == job_id)
    return list(session.scalars(query.order_by(StepAttempt.step_id, StepAttempt.attempt)))


def numbers_of(session: Session, job_id: str) -> dict[str, int]:
    """The latest attempt of every step."""
    query = select(Step.step_id, Step.attempt).where(Step.job_id == job_id)
    return {row.step_id: row.attempt for row in session.execute(query)}


def results_of(session: Session, job_id: str) -> dict[str, dict[str, Any]]:
    """By step, what its latest attempt that found something found."""
    query = (
        select(StepAttempt.step_id, StepAttempt.result)
        .where(StepAttempt.job_id == job_id, StepAttempt.result.is_not(None))
        .order_by(StepAttempt.attempt)
    )
    return {step_id: found for step_id, found in session.execute(query) if found is not None}


def lock_job(session: Session, job_id: str) -> Job | None:
    """The job's row, locked: changes of its step graph happen one after the other."""
    # "no key": rows that merely refer to the job can still be inserted by others
    query = select(Job).where(Job.job_id == job_id).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def lock(session: Session, job_id: str) -> None:
    """The same, for those who do not look at the job."""
    query = select(Job.job_id).where(Job.job_id == job_id).with_for_update(key_share=True)
    session.execute(query)


def queue(session: Session, job_id: str, step_ids: Sequence[str]) -> None:
    """Mark pending steps as sent."""
    session.execute(
        update(Step)
        .where(Step.job_id == job_id, Step.step_id.in_(step_ids), Step.status == _S.PENDING.value)
        .values(status=_S.QUEUED.value, queued_at=NOW, updated_at=NOW)
    )


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


def is_held(job_id: str, step_id: str, attempt: int) -> ColumnElement[bool]:
    """SQL: this attempt still owns the step."""
    return and_(
        Step.job_id == job_id,
        Step.step_id == step_id,
        Step.attempt == attempt,
        Step.status == _S.RUNNING.value,
    )


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
    return Pulse(is_ours=held is not None, is_wanted=_is_wanted(session, job_id))


def look(session: Session, job_id: str, step_id: str, attempt: int) -> Pulse:
    """The same question without writing."""
    held = session.scalar(select(Step.attempt).where(is_held(job_id, step_id, attempt)))
    return Pulse(is_ours=held is not None, is_wanted=_is_wanted(session, job_id))


def _is_wanted(session: Session, job_id: str) -> bool:
    return bool(session.scalar(select(exists().where(Job.job_id == job_id, jobs.is_running()))))


def lock_if_held(session: Session, job_id: str, step_id: str, attempt: int) -> bool:
    """Check the fence under the job's and the step's row locks: nobody can take the step, or end
    the job, before we commit."""
    lock(session, job_id)
    query = select(Step.attempt).where(is_held(job_id, step_id, attempt)).with_for_update()
    return session.scalar(query) is not None and _is_wanted(session, job_id)


def close_attempt(
    session: Session, job_id: str, step_id: str, attempt: int, status: StepStatus, **values: Any
) -> None:
    """Write how an attempt ended, once."""
    closed = session.execute(
        update(StepAttempt)
        .where(
            StepAttempt.job_id == job_id,
            StepAttempt.step_id == step_id,
            StepAttempt.attempt == attempt,
            StepAttempt.status == _S.RUNNING.value,
            Step.job_id == StepAttempt.job_id,
            Step.step_id == StepAttempt.step_id,
        )
        .values(status=status.value, completed_at=NOW, **values)
        .returning(Step.kind, func.extract("epoch", NOW - StepAttempt.started_at))
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if closed is not None:
        after_commit(session, lambda: _count_attempt(closed[0], status, float(closed[1])))


def _count_attempt(kind: str, status: StepStatus, lasted_s: float) -> None:
    metrics.step_attempts.labels(kind, status.value).inc()
    if status is _S.COMPLETED:
        metrics.step_duration.labels(kind).observe(lasted_s)


def annotate_attempt(
    session: Session, job_id: str, step_id: str, attempt: int, **values: Any
) -> None:
    """Add what is known of a running attempt, such as its command."""
    session.execute(
        update(StepAttempt)
        .where(
            StepAttempt.job_id == job_id,
            StepAttempt.step_id == step_id,
            StepAttempt.attempt == attempt,
        )
        .values(**values),
        execution_options=UNSEEN,
    )


Woken = tuple[tuple[str, str], ...]
"""Steps that wait for nothing more, each with its kind."""


def complete(session: Session, job_id: str, step_id: str, attempt: int) -> Woken | None:
    """Finish a step that is still ours, and count it down in those that wait for it.

    The queued steps that now wait for nothing more; None when the step was not ours.
    """
    done = session.execute(
        update(Step)
        .where(is_held(job_id, step_id, attempt))
        .values(
            status=_S.COMPLETED.value, percent=100, lease_until=None, error=None, updated_at=NOW
        )
        .returning(Step.step_id),
        execution_options=UNSEEN,
    ).scalar_one_or_none()
    if done is None:
        return None
    counted = session.execute(
        update(Step)
        .where(Step.job_id == job_id, Step.depends_on.contains([step_id]))
        .values(deps_left=Step.deps_left - 1)
        .returning(Step.step_id, Step.kind, Step.status, Step.deps_left),
        execution_options=UNSEEN,
    )
    return tuple(
        (row.step_id, row.kind) for row in counted if row.status == _S.QUEUED and row.deps_left == 0
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
