"""Where steps may run: those of a job that read each other's files all run in one place. Never commits.

A place is a WORK_DIR, by its fingerprint: the same on all machines that share the folder.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from app.store.binds import table
from app.store.models import Step
from app.store.status import StepStatus
from app.store.steps import NOW, begin_anew, of_job

_STEPS = table(Step)
_C, _OTHER = _STEPS.c, _STEPS.alias().c
_S = StepStatus


def _other_elsewhere(place: Any) -> ColumnElement[bool]:
    """SQL: `_OTHER` is a step whose files matter to a step or the other way round, somewhere else."""
    return and_(
        _C.is_placed,
        _OTHER.job_id == _C.job_id,
        _OTHER.step_id != _C.step_id,
        _OTHER.is_placed,
        _OTHER.place.is_not(None),
        _OTHER.place != place,
    )


def may_run_at(place: Any) -> ColumnElement[bool]:
    """SQL: the files of the step's job are here, or nowhere yet."""
    return ~select(_OTHER.step_id).where(_other_elsewhere(place)).correlate(_STEPS).exists()


def elsewhere(session: Session, job_id: str, step_id: str, place: str) -> set[str]:
    """Where the files are for whose sake a ready step cannot run here; empty if it can."""
    is_ready = and_(_C.status == _S.QUEUED.value, _C.deps_left == 0)
    which = and_(_C.job_id == job_id, _C.step_id == step_id, is_ready)
    return set(session.scalars(select(_OTHER.place).where(which, _other_elsewhere(place))))


def lose(session: Session, job_id: str, gone: Collection[str]) -> list[str]:
    """The places `gone` are out of reach: completed steps whose files were there run again, what
    ran there has lost its step, and what waits for either waits. The job must be locked.

    The steps that must run again.
    """
    rows = of_job(session, job_id)
    needed = {name for row in rows for name in row.reads}
    lost = [
        row.step_id
        for row in rows
        if row.status == _S.COMPLETED and row.step_id in needed and row.place in gone
    ]
    done = {row.step_id for row in rows if row.status == _S.COMPLETED} - set(lost)
    for row in rows:
        if row.step_id in done or row.status in (_S.FAILED, _S.CANCELLED):
            continue
        deps_left = len(set(row.depends_on) - done)
        if row.status == _S.RUNNING and row.place not in gone:
            this = (Step.job_id == job_id, Step.step_id == row.step_id)
            session.execute(update(Step).where(*this).values(deps_left=deps_left, updated_at=NOW))
        else:
            begin_anew(session, row, deps_left)
    return lost
