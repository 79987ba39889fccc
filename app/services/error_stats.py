"""How often which error was met, for operators."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.services.job_read import Page
from app.services.moments import moment
from app.store import error_counts
from app.store.session import transaction
from app.taxonomy import MEANINGS
from operators.problem import Code

_DEFAULT = {"hour": timedelta(days=1), "day": timedelta(days=30)}


def count_errors(period: str, since: datetime | None) -> Page:
    """By period (`hour`, `day`; newest first) and code: jobs that failed, attempts that did."""
    start = since or datetime.now(UTC) - _DEFAULT[period]
    with transaction() as session:
        rows = error_counts.by_period(session, period, start)
    return Page(data=[_show(*row) for row in rows], next_key=None)


def _show(at: datetime, code: str, jobs: int, attempts: int) -> dict[str, Any]:
    known = MEANINGS[Code(code)] if code in Code.__members__ else None
    return {
        "period_start": moment(at),
        "code": code,
        "category": known and known.category.value,
        "jobs": jobs,
        "attempts": attempts,
    }
