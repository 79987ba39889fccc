"""The secrets that sign a tenant's webhooks; two are valid while one takes the other's place."""

import base64
import secrets
from typing import Any

from app.services.moments import moment
from app.store import webhooks
from app.store.models import WebhookSecret
from app.store.session import transaction

_OVERLAP_S = 24 * 3600.0
_BYTES = 32


def secrets_of(tenant_id: str) -> list[str]:
    """Those that are valid, the newest first; the first one is made when it is needed."""
    with transaction() as session:
        found = webhooks.secrets_of(session, tenant_id)
        made = found or [webhooks.rotate(session, tenant_id, _new(), _OVERLAP_S)]
        return [one.secret for one in made]


def rotate(tenant_id: str) -> dict[str, Any]:
    """A new secret, shown this once; the one before signs along for a day."""
    with transaction() as session:
        made = webhooks.rotate(session, tenant_id, _new(), _OVERLAP_S)
    return {**_show(made), "secret": made.secret}


def listed(tenant_id: str) -> list[dict[str, Any]]:
    """What is valid, without the secrets themselves."""
    with transaction() as session:
        return [_show(one) for one in webhooks.secrets_of(session, tenant_id)]


def _new() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def _show(one: WebhookSecret) -> dict[str, Any]:
    return {
        "secret_id": one.secret_id,
        "created_at": moment(one.created_at),
        "expires_at": moment(one.expires_at),
    }
