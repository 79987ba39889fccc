"""The outbox of webhooks, and the secrets that sign them. Never commits."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.store.models import Job, WebhookDelivery, WebhookSecret
from app.store.steps import NOW, in_seconds

PROGRESS = "job.progress"
_D, _S = WebhookDelivery, WebhookSecret


def add(session: Session, **values: Any) -> None:
    """Put a delivery into the outbox."""
    session.execute(insert(_D).values(**values))


def claim(session: Session, delivery_id: str, hold_s: float) -> WebhookDelivery | None:
    """A delivery that is due, ours for a while; None where it is not (any more)."""
    taken = session.execute(
        update(_D)
        .where(_D.delivery_id == delivery_id, _D.status == "pending", _D.due_at <= NOW)
        .values(due_at=in_seconds(hold_s), tries=_D.tries + 1)
        .returning(_D.delivery_id)
    ).scalar_one_or_none()
    return session.get(_D, delivery_id) if taken else None


def postpone(session: Session, delivery_id: str, delay_s: float) -> None:
    """It was not sent after all, at no cost to it."""
    session.execute(
        update(_D)
        .where(_D.delivery_id == delivery_id, _D.status == "pending")
        .values(due_at=in_seconds(delay_s), tries=_D.tries - 1)
    )


def settle(
    session: Session, delivery_id: str, status: str, attempt: dict[str, Any], delay_s: float
) -> None:
    """Write down how a try went; `delay_s` until the next where it is still pending."""
    session.execute(
        update(_D)
        .where(_D.delivery_id == delivery_id, _D.status == "pending")
        .values(
            status=status,
            due_at=in_seconds(delay_s),
            attempts=_D.attempts.op("||")(literal([attempt], JSONB)),
        )
    )


def is_gone(session: Session, job_id: str, url: str) -> bool:
    """Whether the receiver said that it wants nothing more of this job."""
    refused = _D.attempts.contains(literal([{"status_code": 410}], JSONB))
    query = select(_D.delivery_id).where(
        _D.job_id == job_id, _D.url == url, _D.status == "failed", refused
    )
    return session.scalar(query.limit(1)) is not None


def end(session: Session, job_id: str, url: str) -> None:
    """Send nothing more of a job to a receiver, what waits included."""
    session.execute(
        update(_D)
        .where(_D.job_id == job_id, _D.url == url, _D.status == "pending")
        .values(status="failed")
    )


def supersede(session: Session, job_id: str) -> None:
    """Drop progress that waits to be told: what is told now is newer. Not what is being sent."""
    is_sent_now = func.jsonb_array_length(_D.attempts) < _D.tries
    session.execute(
        delete(_D).where(
            _D.job_id == job_id, _D.type == PROGRESS, _D.status == "pending", ~is_sent_now
        )
    )


def due(session: Session, limit: int) -> list[str]:
    """Deliveries that ought to have been sent: their message may be lost, or was never to be."""
    query = select(_D.delivery_id).where(_D.status == "pending", _D.due_at < in_seconds(-1))
    return list(session.scalars(query.order_by(_D.due_at).limit(limit)))


def get(session: Session, job_id: str, delivery_id: str) -> WebhookDelivery | None:
    query = select(_D).where(_D.job_id == job_id, _D.delivery_id == delivery_id)
    return session.scalar(query.execution_options(populate_existing=True))


def page(
    session: Session, job_id: str, before: tuple[datetime, str] | None, limit: int
) -> list[WebhookDelivery]:
    """A job's deliveries, the newest first."""
    query = select(_D).where(_D.job_id == job_id)
    if before is not None:
        query = query.where(tuple_(_D.created_at, _D.delivery_id) < before)
    order = _D.created_at.desc(), _D.delivery_id.desc()
    return list(session.scalars(query.order_by(*order).limit(limit)))


def redeliver(session: Session, delivery_id: str) -> None:
    """Begin another round of tries, at once."""
    session.execute(
        update(_D)
        .where(_D.delivery_id == delivery_id)
        .values(status="pending", tries=0, due_at=NOW)
    )


def may_tell_progress(session: Session, job_id: str, every_s: float) -> bool:
    """Whether it is time to tell of a job's progress; the caller does so then."""
    told = session.execute(
        update(Job)
        .where(
            Job.job_id == job_id,
            or_(Job.progress_told_at.is_(None), Job.progress_told_at < in_seconds(-every_s)),
        )
        .values(progress_told_at=NOW)
        .returning(Job.job_id)
    )
    return told.scalar_one_or_none() is not None


def secrets_of(session: Session, tenant_id: str) -> Sequence[WebhookSecret]:
    """Those that are valid, the newest first."""
    is_valid = or_(_S.expires_at.is_(None), _S.expires_at > NOW)
    query = select(_S).where(_S.tenant_id == tenant_id, is_valid)
    return session.scalars(query.order_by(_S.created_at.desc(), _S.secret_id)).all()


def rotate(session: Session, tenant_id: str, secret: str, overlap_s: float) -> WebhookSecret:
    """A new secret; of the ones before, the newest stays valid for `overlap_s`, the others go."""
    # one rotation of a tenant at a time
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tenant_id, 7))))
    known = [one.secret_id for one in secrets_of(session, tenant_id)]
    session.execute(delete(_S).where(_S.tenant_id == tenant_id, _S.secret_id.not_in(known[:1])))
    session.execute(
        update(_S)
        .where(_S.tenant_id == tenant_id, _S.expires_at.is_(None))
        .values(expires_at=in_seconds(overlap_s))
    )
    made = _S(secret_id=f"whs_{secrets.token_hex(8)}", tenant_id=tenant_id, secret=secret)
    session.add(made)
    session.flush()
    session.refresh(made)
    return made
