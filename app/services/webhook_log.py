"""What became of a job's webhooks; send one again, or send one to see whether it arrives."""

import re
from datetime import datetime
from typing import Any

from app.errors import Failure, from_problems
from app.queue import send
from app.services import turns, webhook_note, webhook_send
from app.services.job_read import Page, find_job
from app.services.moments import moment
from app.services.policy import policy_for
from app.store import webhooks
from app.store.models import WebhookDelivery
from app.store.session import transaction
from operators.problem import Code

_DELIVERY_ID = re.compile(r"msg_[0-9a-f]{32}", re.ASCII)


def as_delivery_id(text: str) -> str:
    """The text if it has the form of a delivery's id. Raises: ValueError."""
    if not _DELIVERY_ID.fullmatch(text):
        raise ValueError("not a delivery id")
    return text


def page(job_id: str, tenant_id: str, before: tuple[datetime, str] | None, limit: int) -> Page:
    """A job's deliveries with every try, the newest first. Raises: Failure JOB_NOT_FOUND."""
    with transaction() as session:
        find_job(session, job_id, tenant_id)
        found = webhooks.page(session, job_id, before, limit + 1)
    shown = found[:limit]
    last = (shown[-1].created_at, shown[-1].delivery_id) if len(found) > limit else None
    return Page(data=[_show(delivery) for delivery in shown], next_key=last)


def redeliver(job_id: str, tenant_id: str, delivery_id: str) -> dict[str, Any]:
    """Try a delivery again, whatever became of it. Raises: Failure JOB_NOT_FOUND, NOT_FOUND."""
    with transaction() as session:
        find_job(session, job_id, tenant_id)
        is_known = (
            "\0" not in delivery_id and webhooks.get(session, job_id, delivery_id) is not None
        )
        if not is_known:
            text = f"The job has no delivery {delivery_id[:64]}."
            raise Failure(code=Code.NOT_FOUND, message=text)
        webhooks.redeliver(session, delivery_id)
        delivery = webhooks.get(session, job_id, delivery_id)
        assert delivery is not None
    send.enqueue_webhook(delivery_id)
    return _show(delivery)


def test(url: str, tenant_id: str) -> dict[str, Any]:
    """Send a `webhook.test` at once, and say what came of it. Raises: Failure."""
    problems = policy_for(tenant_id).check_webhook(url, "/url")
    if problems:
        raise from_problems(problems)
    with turns.in_turn(tenant_id):
        with transaction() as session:
            delivery_id = webhook_note.add(
                session, tenant_id=tenant_id, job_id=None, url=url, kind="webhook.test", data={}
            )
        webhook_send.deliver(delivery_id)
    with transaction() as session:
        delivery = session.get(WebhookDelivery, delivery_id)
        assert delivery is not None
        return _show(delivery)


def _show(delivery: WebhookDelivery) -> dict[str, Any]:
    is_pending = delivery.status == "pending"
    return {
        "delivery_id": delivery.delivery_id,
        "type": delivery.type,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "created_at": moment(delivery.created_at),
        "next_attempt_at": moment(delivery.due_at) if is_pending else None,
    }
