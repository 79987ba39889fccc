"""Send webhooks: one signed POST through the guarded client; what fails is tried again later.

Every try of a delivery has the same `webhook-id`, so whoever gets one twice can tell.
"""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from app import log, metrics, settings, tracing
from app.engine.storage.http import retry_after
from app.engine.web.client import Unreachable
from app.engine.web.guard import Blocked
from app.queue import breaker, slots
from app.redact import redact_url
from app.services import remote
from app.services.backoff import CLOCK_MARGIN_S
from app.services.moments import moment
from app.services.webhook_secrets import secrets_of
from app.store import jobs, webhooks
from app.store.models import WebhookDelivery
from app.store.session import transaction

TIMEOUT_S = 10.0
_HOLD_S = 30.0  # longer than a try may take
# times RETRY_BASE_S: ten seconds, half a minute, two minutes, …, twelve hours
_BACKOFF = (1, 3, 12, 60, 360, 1440, 4320)
_GONE = 410
_AT_ONCE = 3
"""Requests of a tenant to one host."""
_OF_TENANT = 8
"""Requests of a tenant."""
_BUSY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Try:
    """How one try went."""

    status_code: int | None = None
    error: str | None = None
    retry_after: int | None = None
    is_final: bool = False
    """Another try is of no use."""

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


def deliver(delivery_id: str) -> float | None:
    """Send a delivery if it is due. Seconds until it is due again, or None."""
    with transaction() as session:
        delivery = webhooks.claim(session, delivery_id, _HOLD_S)
    if delivery is None:
        return None
    host = redact_url(delivery.url).split("/")[2]
    if delivery.job_id is None:
        return _send(delivery, host)
    if wait_s := breaker.wait_s(remote.breaker_of(host, delivery.tenant_id)):
        return _postpone(delivery_id, wait_s)
    with _share(delivery.tenant_id, host) as is_ours:
        return _send(delivery, host) if is_ours else _postpone(delivery_id, _BUSY_S)


@contextmanager
def _share(tenant_id: str, host: str) -> Iterator[bool]:
    """Neither a tenant nor a host that does not answer holds all of us."""
    with (
        slots.slot(f"webhooks:{tenant_id}", _OF_TENANT, _HOLD_S) as is_tenants,
        slots.slot(f"webhook:{tenant_id}:{host}", _AT_ONCE, _HOLD_S) as is_hosts,
    ):
        yield is_tenants and is_hosts


def _postpone(delivery_id: str, delay_s: float) -> float:
    with transaction() as session:
        webhooks.postpone(session, delivery_id, delay_s)
    return delay_s + CLOCK_MARGIN_S


def _send(delivery: WebhookDelivery, host: str) -> float | None:
    begun = time.monotonic()
    log.add(job_id=delivery.job_id)
    with tracing.span(
        "send webhook",
        _traceparent(delivery),
        job_id=delivery.job_id,
        type=delivery.type,
        host=host,
    ) as span:
        tried = _post(delivery)
        span.set_attributes({"http.response.status_code": tried.status_code or 0})
    name = remote.breaker_of(host, delivery.tenant_id)
    breaker.report(name, _is_hosts_fault(tried), float(settings.current().breaker_s))
    return _settle(delivery, tried, round((time.monotonic() - begun) * 1000))


def _traceparent(delivery: WebhookDelivery) -> str | None:
    if delivery.job_id is None or not tracing.is_on():
        return None
    with transaction() as session:
        job = jobs.get(session, delivery.job_id)
    return job.traceparent if job else None


def _is_hosts_fault(tried: Try) -> bool:
    """Silence and 5xx: what a host that is well does not do."""
    if tried.is_final and tried.status_code is None:
        return False
    return tried.status_code is None or tried.status_code >= 500


def _post(delivery: WebhookDelivery) -> Try:
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
    headers = {"Content-Type": "application/json", **_signed(delivery, body)}
    try:
        with remote.web(TIMEOUT_S).open(
            delivery.url, method="POST", headers=headers, content=body.encode(), redirects=0
        ) as answer:
            after = retry_after(answer.headers.get("retry-after", ""))
            is_gone = answer.status == _GONE
            return Try(status_code=answer.status, retry_after=after, is_final=is_gone)
    except Blocked as error:
        return Try(error=f"refused: {error}", is_final=True)
    except Unreachable as error:
        return Try(error=f"the host {error}")
    except Exception:
        # a try that is not written down would be made again for ever
        log.get(__name__).exception("a webhook met a fault of ours")
        return Try(error="could not be sent")


def _signed(delivery: WebhookDelivery, body: str) -> dict[str, str]:
    """Standard Webhooks: a signature for every secret that is valid."""
    now = datetime.now(UTC)
    signatures = [
        Webhook(secret).sign(delivery.delivery_id, now, body)
        for secret in secrets_of(delivery.tenant_id)
    ]
    return {
        "webhook-id": delivery.delivery_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _settle(delivery: WebhookDelivery, tried: Try, duration_ms: int) -> float | None:
    is_over = tried.is_final or delivery.tries > len(_BACKOFF) or delivery.job_id is None
    status = "delivered" if tried.is_success else "failed" if is_over else "pending"
    delay_s = _delay(delivery.tries, tried) if status == "pending" else 0
    attempt: dict[str, Any] = {
        "at": moment(datetime.now(UTC)),
        "status_code": tried.status_code,
        "error": tried.error,
        "duration_ms": duration_ms,
    }
    with transaction() as session:
        webhooks.settle(session, delivery.delivery_id, status, attempt, delay_s)
        if tried.status_code == _GONE and delivery.job_id:
            webhooks.end(session, delivery.job_id, delivery.url)
    metrics.webhook_tries.labels("delivered" if tried.is_success else "failed").inc()
    metrics.webhook_try.observe(duration_ms / 1000)
    log.get(__name__).info(
        "webhook tried", delivery_id=delivery.delivery_id, type=delivery.type, status=status,
        status_code=tried.status_code, error=tried.error,
    )  # fmt: skip
    return delay_s + CLOCK_MARGIN_S if status == "pending" else None


def _delay(tries: int, tried: Try) -> float:
    base_s = float(settings.current().retry_base_s)
    own = base_s * _BACKOFF[tries - 1] * random.uniform(0.9, 1.1)
    return max(own, min(tried.retry_after or 0, 3600))
