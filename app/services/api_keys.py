"""API keys: make one, recognise one. `mp_live_<id>_<secret>`; only a hash of the secret is kept."""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.store import keys
from app.store.session import transaction

SCOPES = ("jobs:read", "jobs:write", "admin")
_ALPHABET = string.ascii_letters + string.digits
_FORM = re.compile(r"mp_live_([A-Za-z0-9]{12})_([A-Za-z0-9]{40})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who makes a request, and what they may do."""

    tenant_id: str
    scopes: frozenset[str]
    key_id: str | None = None


ANYBODY = Caller(tenant_id="default", scopes=frozenset(SCOPES))
"""The caller where authentication is off."""


def create(
    tenant_id: str, name: str, scopes: Sequence[str] = SCOPES, expires_at: datetime | None = None
) -> str:
    """A new key. This is the only time that its secret is seen."""
    key_id, secret = _random(12), _random(40)
    with transaction() as session:
        keys.add(
            session, key_id=key_id, tenant_id=tenant_id, name=name, secret_sha256=_hash(secret),
            scopes=list(scopes), expires_at=expires_at,
        )  # fmt: skip
    return f"mp_live_{key_id}_{secret}"


def id_of(key: str) -> str:
    """The public part of a key."""
    return key.removeprefix("mp_live_").partition("_")[0]


def recognise(text: str) -> Caller | None:
    """The caller that a key stands for, or None if it is not valid (any more)."""
    match = _FORM.fullmatch(text)
    if not match:
        return None
    with transaction() as session:
        key = keys.find_valid(session, match[1])
        if key is None or not hmac.compare_digest(key.secret_sha256, _hash(match[2])):
            return None
        keys.note_use(session, key.key_id)
        return Caller(tenant_id=key.tenant_id, scopes=frozenset(key.scopes), key_id=key.key_id)


def is_any() -> bool:
    with transaction() as session:
        return keys.is_any(session)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(secret: str) -> str:
    # the secret is 238 random bits, so a fast hash gives nothing away
    return hashlib.sha256(secret.encode()).hexdigest()
