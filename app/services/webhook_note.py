"""Note that a webhook is to be sent, in the transaction of what it tells of; sent after the commit."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from app.queue import send
from app.services.failure_analysis import analyse
from app.services.job_view import show_job
from app.services.moments import moment
from app.store import attempts, steps, webhooks
from app.store.models import Job
from planner.accepted import AcceptedSpec

_PROGRESS_EVERY_S = 5.0


def note(session: Session, job_id: str, kind: str) -> None:
    """`kind`: `job.started`, `job.completed`, … Nothing where the job has no webhook."""
    job = session.get(Job, job_id)
    url = job and AcceptedSpec.of(job.spec).webhook_url
    if job is None or not url or webhooks.is_gone(session, job_id, url):
        return
    webhooks.supersede(session, job_id)
    session.refresh(job)
    rows = steps.of_job(session, job_id)
    analysis = analyse(job, rows, attempts.of_job(session, job_id)) if job.error else None
    data = show_job(job, rows, analysis=analysis)
    add(session, tenant_id=job.tenant_id, job_id=job_id, url=url, kind=kind, data=data)


def note_progress(session: Session, job_id: str) -> None:
    """The same for `job.progress`, at most once in five seconds."""
    if webhooks.may_tell_progress(session, job_id, _PROGRESS_EVERY_S):
        note(session, job_id, webhooks.PROGRESS)


def add(
    session: Session, *, tenant_id: str, job_id: str | None, url: str, kind: str, data: Any
) -> str:
    """Put an event into the outbox; the delivery's id, which is its `webhook-id` as well."""
    delivery_id = f"msg_{uuid7().hex}"
    payload = {"type": kind, "timestamp": moment(datetime.now(UTC)), "data": data}
    webhooks.add(
        session, delivery_id=delivery_id, tenant_id=tenant_id, job_id=job_id, url=url, type=kind,
        payload=payload,
    )  # fmt: skip
    if job_id is not None:  # a test is sent by who asks for it
        event.listen(
            session, "after_commit", lambda _: send.enqueue_webhook(delivery_id), once=True
        )
    return delivery_id
