"""Queue `webhooks`: one task a try."""

from celery import Task

from app import log, settings
from app.queue import names
from app.queue.celery import celery
from app.services import webhook_send


@celery.task(name=names.DELIVER_WEBHOOK, bind=True, acks_late=True, max_retries=None)
def deliver_webhook(self: Task, delivery_id: str) -> None:  # type: ignore[type-arg]
    """Send a webhook if it is due; it may come twice, late or never."""
    log.bind(delivery_id=delivery_id)
    retry_in = webhook_send.deliver(delivery_id)
    # a message must not wait for longer than Redis keeps it: what is far off, the sweep sends
    if retry_in is not None and retry_in < float(settings.current().visibility_timeout_s) / 2:
        raise self.retry(countdown=retry_in)
