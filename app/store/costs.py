"""What finished attempts took, and the cost factors that were learnt from it. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.store.models import LearntCost, StepAttempt
from planner.costs import Costs, Factor

_FACTORS = tuple(Factor.__dataclass_fields__)


def learnt(session: Session) -> Costs:
    """The factors that are known now."""
    return Costs(
        factors={
            row.work_class: Factor(**{name: getattr(row, name) for name in _FACTORS})
            for row in session.scalars(select(LearntCost).order_by(LearntCost.work_class))
        }
    )


def keep(session: Session, factors: Mapping[str, Factor]) -> None:
    """Replace what is known of these classes."""
    rows = [{"work_class": name, **asdict(factor)} for name, factor in factors.items()]
    statement = insert(LearntCost)
    changed = {name: statement.excluded[name] for name in _FACTORS}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[LearntCost.work_class],
            set_={**changed, "learnt_at": func.clock_timestamp()},
        ),
        rows,
    )


def count_new(session: Session) -> int:
    """Attempts that finished since something was learnt last."""
    latest = session.scalar(select(func.max(LearntCost.learnt_at)))
    return session.scalar(select(func.count()).where(_is_used(latest))) or 0


def latest(session: Session, limit: int) -> Sequence[tuple[dict[str, Any], float]]:
    """The newest finished attempts: their `usage`, and how many ms they took from the claim."""
    took = 1000 * extract("epoch", StepAttempt.completed_at - StepAttempt.started_at)
    rows = session.execute(
        select(StepAttempt.usage, took)
        .where(_is_used(None))
        .order_by(StepAttempt.completed_at.desc())
        .limit(limit)
    )
    return [(usage, float(wall_ms)) for usage, wall_ms in rows]


def _is_used(after: datetime | None) -> ColumnElement[bool]:
    is_used = StepAttempt.usage.is_not(None)
    return is_used if after is None else and_(is_used, StepAttempt.completed_at > after)
