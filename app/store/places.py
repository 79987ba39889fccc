"""Where steps may run: what reads the files of earlier steps runs where those lie. Never commits.

A place is the fingerprint of a WORK_DIR: the same on all machines that share the folder.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, aliased

from app.store.models import Step
from app.store.status import StepStatus
from app.store.steps import NOW, of_job

_Read = aliased(Step)


def _read_elsewhere(place: str) -> ColumnElement[bool]:
    """SQL: `_Read` is a step whose files `Step` reads, and they lie somewhere else."""
    return (
        (_Read.job_id == Step.job_id)
        & Step.reads.op("?")(_Read.step_id)
        & (func.coalesce(_Read.place, place) != place)
    )


def can_see(place: str) -> ColumnElement[bool]:
    """SQL: all files that the step reads can be seen from here."""
    return ~select(_Read.step_id).where(_read_elsewhere(place)).exists()


def elsewhere(session: Session, job_id: str, step_id: str, place: str) -> dict[str, str]:
    """The steps whose files a ready step reads and which lie elsewhere, with their place."""
    is_ready = (Step.status == StepStatus.QUEUED.value) & (Step.deps_left == 0)
    rows = session.execute(
        select(_Read.step_id, _Read.place).where(
            Step.job_id == job_id, Step.step_id == step_id, is_ready, _read_elsewhere(place)
        )
    )
    return {row.step_id: row.place for row in rows}


def lose(session: Session, job_id: str, lost: Sequence[str]) -> None:
    """The files of completed steps are gone: these run again, and what waits for them waits. The
    job must be locked."""
    rows = of_job(session, job_id)
    done = {row.step_id for row in rows if row.status == StepStatus.COMPLETED} - set(lost)
    waits = (StepStatus.PENDING, StepStatus.QUEUED, StepStatus.COMPLETED)
    for row in rows:
        if row.step_id in done or row.status not in waits:
            continue
        session.execute(
            update(Step)
            .where(Step.job_id == job_id, Step.step_id == row.step_id)
            .values(
                status=StepStatus.PENDING.value, place=None, queued_at=None, not_before=None,
                deps_left=len(set(row.depends_on) - done), updated_at=NOW,
            )
        )  # fmt: skip
