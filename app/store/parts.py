"""The list of files that stand beside destinations while they are written. Never commits."""

from sqlalchemy import bindparam, case, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.store.binds import table
from app.store.models import OutputPart, Step

_ADD = insert(table(OutputPart)).on_conflict_do_nothing()
_FORGET = delete(table(OutputPart)).where(OutputPart.path == bindparam("known"))


def add(session: Session, path: str, job_id: str, step_id: str, attempt: int) -> None:
    """Note a part before it is written, so that it is found whatever happens."""
    row = {"path": path, "job_id": job_id, "step_id": step_id, "attempt": attempt}
    session.execute(_ADD, row)


def forget(session: Session, path: str) -> None:
    session.execute(_FORGET, {"known": path})


def beginning(session: Session, text: str) -> list[str]:
    """Every part that is noted, whoever it belongs to, whose name begins so."""
    query = select(OutputPart.path).where(OutputPart.path.startswith(text, autoescape=True))
    return list(session.scalars(query))


def orphans(session: Session, limit: int, uncertain: str) -> list[str]:
    """Parts whose attempt does not run any more. `uncertain`: a pattern of those that may not exist."""
    is_alive = exists().where(
        Step.job_id == OutputPart.job_id,
        Step.step_id == OutputPart.step_id,
        Step.attempt == OutputPart.attempt,
        Step.status == "running",
    )
    is_known = OutputPart.path.not_like(uncertain)
    age = func.clock_timestamp() - OutputPart.created_at
    is_old = age > func.make_interval(0, 0, 0, 0, 0, 0, case((is_known, 5.0), else_=90.0))
    return list(session.scalars(select(OutputPart.path).where(~is_alive, is_old).limit(limit)))
