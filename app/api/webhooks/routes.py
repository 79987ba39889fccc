"""Routes of /v1/webhooks and /v1/webhook-secrets."""

from datetime import datetime
from typing import Any

from app.api.auth import requires, tenant
from app.api.body import Blueprint
from app.api.paging import decode, show_page
from app.api.schemas import PageQuerySchema
from app.api.webhooks.schemas import (
    NewWebhookSecretSchema,
    WebhookDeliveryPageSchema,
    WebhookDeliverySchema,
    WebhookSecretPageSchema,
    WebhookTestSchema,
)
from app.services import webhook_log, webhook_secrets
from app.services.job_read import Page

webhooks = Blueprint("webhooks", __name__, url_prefix="/v1", description="Events that are sent")


@webhooks.route("/jobs/<job_id>/webhooks", methods=["GET"])
@requires("jobs:read")
@webhooks.arguments(PageQuerySchema, location="query")
@webhooks.response(200, WebhookDeliveryPageSchema)
def list_job_webhooks(query: dict[str, Any], job_id: str) -> Any:
    """What was sent about a job, with every try; the newest first."""
    cursor = query.get("cursor")
    before = decode(cursor, datetime.fromisoformat, webhook_log.as_delivery_id) if cursor else None
    return show_page(webhook_log.page(job_id, tenant(), before, query["limit"]))


@webhooks.route("/jobs/<job_id>/webhooks/<delivery_id>/redeliver", methods=["POST"])
@requires("jobs:write")
@webhooks.response(202, WebhookDeliverySchema)
def redeliver_job_webhook(job_id: str, delivery_id: str) -> Any:
    """Send a webhook again, whatever became of it: the same body with the same `webhook-id`."""
    return webhook_log.redeliver(job_id, tenant(), delivery_id)


@webhooks.route("/webhooks/test", methods=["POST"])
@requires("jobs:write")
@webhooks.arguments(WebhookTestSchema)
@webhooks.response(200, WebhookDeliverySchema)
def test_webhook(asked: dict[str, str]) -> Any:
    """Send a signed `webhook.test` to a URL now, and say what came of it."""
    return webhook_log.test(asked["url"], tenant())


@webhooks.route("/webhook-secrets", methods=["GET"])
@requires("jobs:read")
@webhooks.response(200, WebhookSecretPageSchema)
def list_webhook_secrets() -> Any:
    """List the secrets that sign now: two while one takes the other's place."""
    return show_page(Page(data=webhook_secrets.listed(tenant()), next_key=None))


@webhooks.route("/webhook-secrets", methods=["POST"])
@requires("jobs:write")
@webhooks.response(201, NewWebhookSecretSchema)
def rotate_webhook_secret() -> Any:
    """Make a new secret and show it this once; the one before signs along for a day."""
    return webhook_secrets.rotate(tenant())
