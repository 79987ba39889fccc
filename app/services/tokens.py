"""JWTs of an identity provider: the algorithm is that of the configuration, whatever a token says."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from jwt import PyJWK, PyJWKSet

from app import log, settings
from app.engine.web.client import Unreachable
from app.engine.web.guard import Blocked
from app.services import remote
from app.services.api_keys import SCOPES, Caller
from app.settings import is_tenant

_LEEWAY_S = 30
_CLAIMS = ("sub", "tenant", "scopes", "exp")
_FRESH_S = 600.0
_PAUSE_S = 30.0
_WITHIN_S = 5.0
_MOST_BYTES = 1 << 20


def recognise(text: str) -> Caller | None:
    """The caller that a token stands for, or None if it is not valid (any more)."""
    now = settings.current()
    if not now.jwt_algorithm or text.count(".") != 2:
        return None
    try:
        key = _key(text)
        claims = key and jwt.decode(
            text,
            key,
            algorithms=[now.jwt_algorithm],
            audience=now.jwt_audience or None,
            issuer=now.jwt_issuer or None,
            leeway=_LEEWAY_S,
            options={
                "require": [*_CLAIMS, *(["iss"] if now.jwt_issuer else [])],
                "verify_aud": bool(now.jwt_audience),
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        log.get(__name__).info("token refused", reason=str(error))
        return None
    return _caller(claims) if claims else None


def _caller(claims: Mapping[str, Any]) -> Caller | None:
    tenant, scopes = claims["tenant"], claims["scopes"]
    asked = scopes.split() if isinstance(scopes, str) else scopes
    is_clear = isinstance(tenant, str) and is_tenant(tenant)
    if not is_clear or not isinstance(asked, list):
        return None
    # scopes of other services may stand beside ours
    held = frozenset(scope for scope in SCOPES if scope in asked)
    return Caller(tenant_id=tenant, scopes=held, key_id=f"jwt:{tenant}:{claims['sub']}"[:200])


def _key(text: str) -> Any:
    now = settings.current()
    if now.jwt_algorithm == "HS256":
        return now.jwt_secret
    found = _keys(now.jwt_jwks).find(jwt.get_unverified_header(text).get("kid"))
    return found.key if found else None


@cache
def _keys(place: str) -> "_Keys":
    return _Keys(place=place)


@dataclass(kw_only=True)
class _Keys:
    """The keys of a JWKS, read again when they are old, or when a token names one that is new."""

    place: str
    _known: PyJWKSet | None = None
    _read_at: float = -_FRESH_S
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, kid: str | None) -> PyJWK | None:
        age_s = time.monotonic() - self._read_at
        found = self._among(kid)
        if age_s > _FRESH_S or (found is None and age_s > _PAUSE_S):
            self._refresh()
            found = self._among(kid)
        return found

    def _among(self, kid: str | None) -> PyJWK | None:
        # keys for encryption are published in the same set
        known = self._known.keys if self._known else []
        keys = [key for key in known if key.public_key_use in (None, "sig")]
        if kid is None:
            return keys[0] if len(keys) == 1 else None
        return next((key for key in keys if key.key_id == kid), None)

    def _refresh(self) -> None:
        """One at a time; what cannot be read leaves the keys as they were."""
        seen = self._read_at
        if not self._lock.acquire(blocking=self._known is None):
            return
        try:
            if self._read_at != seen:
                return  # somebody has tried while we waited
            self._known = PyJWKSet.from_dict(json.loads(_read(self.place)))
        except (OSError, ValueError, Blocked, Unreachable, jwt.PyJWTError) as error:
            log.get(__name__).error("JWKS not read", error=str(error))
        finally:
            self._read_at = time.monotonic()
            self._lock.release()


def _read(place: str) -> bytes:
    """Raises: OSError, Blocked, Unreachable."""
    if not place.startswith(("http://", "https://")):
        return Path(place.removeprefix("file://")).read_bytes()
    with remote.web(_WITHIN_S).open(place) as answer:
        if answer.status != 200:
            raise Unreachable(f"answered with status {answer.status}")
        return answer.read(_MOST_BYTES)
