"""Removing what is older than it is kept. Never commits."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.store.models import Job, StoredPlan, WebhookDelivery, WebhookSecret, Worker
from app.store.status import TERMINAL, WorkerStatus

_NOW = func.clock_timestamp()


def _ago(days: float) -> Any:
    return _NOW - func.make_interval(0, 0, 0, 0, 0, 0, days * 86_400)


def remove_jobs(session: Session, days: float, limit: int) -> int:
    """Jobs that ended so long ago, with all that hangs on them: steps, attempts, logs, events,
    webhooks, idempotency keys. A part of them at a time."""
    old = (
        select(Job.job_id)
        .where(Job.status.in_([s.value for s in TERMINAL]), Job.completed_at < _ago(days))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return len(session.scalars(delete(Job).where(Job.job_id.in_(old)).returning(Job.job_id)).all())


def remove_rest(session: Session, days: float) -> int:
    """Plans that nobody ran, tests of webhooks, secrets that expired, workers that went."""
    gone = [
        delete(StoredPlan).where(StoredPlan.created_at < _ago(days)),
        delete(WebhookDelivery).where(
            WebhookDelivery.job_id.is_(None), WebhookDelivery.created_at < _ago(days)
        ),
        delete(WebhookSecret).where(WebhookSecret.expires_at < _ago(1)),
        delete(Worker).where(
            Worker.status == WorkerStatus.OFFLINE.value, Worker.last_heartbeat_at < _ago(7)
        ),
    ]
    return sum(session.execute(one).rowcount for one in gone)  # type: ignore[attr-defined]
