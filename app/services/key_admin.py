"""Administration of API keys: make, list, revoke."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.errors import Failure, field_failure
from app.services import api_keys
from app.services.job_read import Page
from app.services.moments import moment
from app.store import keys
from app.store.models import ApiKey
from app.store.session import transaction
from operators.problem import Code

_KEY_ID = re.compile(r"[A-Za-z0-9]{12}", re.ASCII)
_LONGEST = timedelta(days=3653)


def create(
    *, name: str, tenant: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> dict[str, Any]:
    """The new key with its secret. Raises: Failure where it would be expired at once."""
    if expires_at is not None and not _is_sensible(expires_at):
        raise field_failure(
            Code.INVALID_BODY,
            "/expires_at",
            "must lie ahead, by ten years at most",
            "Leave it out for a key that does not expire.",
        )
    key = api_keys.create(tenant, name, list(dict.fromkeys(scopes)), expires_at)
    with transaction() as session:
        made = keys.get(session, api_keys.id_of(key))
        assert made is not None
        return {"key": key, **_show(made)}


def _is_sensible(expires_at: datetime) -> bool:
    now = datetime.now(UTC)
    return now < expires_at < now + _LONGEST


def as_key_id(text: str) -> str:
    """The text if it has the form of a key's id. Raises: ValueError."""
    if not _KEY_ID.fullmatch(text):
        raise ValueError("not a key id")
    return text


def page(tenant: str | None, before: tuple[datetime, str] | None, limit: int) -> Page:
    """Newest first; of all tenants, or of one."""
    with transaction() as session:
        found = keys.page(session, tenant, before, limit + 1)
        shown = found[:limit]
        data = [_show(key) for key in shown]
    has_more = len(found) > limit
    return Page(data=data, next_key=(shown[-1].created_at, shown[-1].key_id) if has_more else None)


def revoke(key_id: str) -> None:
    """Raises: Failure NOT_FOUND."""
    with transaction() as session:
        if not (_KEY_ID.fullmatch(key_id) and keys.revoke(session, key_id)):
            raise Failure(code=Code.NOT_FOUND, message=f"There is no key {key_id[:64]}.")


def _show(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "tenant": key.tenant_id,
        "scopes": key.scopes,
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
        "revoked_at": moment(key.revoked_at),
    }
