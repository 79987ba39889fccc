"""Who is calling: an API key or a JWT in `Authorization: Bearer` or `X-API-Key`; scopes on every route.

A credential that is present and wrong is 401 even where authentication is off.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request

from app import settings
from app.api import rate_limit
from app.errors import Failure
from app.services import api_keys, tokens
from app.services.api_keys import ANYBODY, Caller
from operators.problem import Code

P = ParamSpec("P")
R = TypeVar("R")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="media-pipeline"'}


def requires(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: the caller must hold a scope."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            require(scope)
            return view(*args, **kwargs)

        return guarded

    return decorate


def require(scope: str) -> None:
    """The caller must hold a scope. Puts the caller into `g.caller`. Raises: Failure."""
    caller = _identify()
    rate_limit.check(caller)
    if scope not in caller.scopes:
        raise Failure(code=Code.FORBIDDEN, message=f"The credential lacks the scope {scope}.")
    g.caller = caller


def still_allowed(scope: str) -> Callable[[], bool]:
    """Whether the request's credential would be accepted again, to be asked while a stream lives."""
    presented, before = _credentials(), g.caller

    def ask() -> bool:
        try:
            caller = _recognised(presented)
        except Failure:
            return False
        return caller == before and scope in caller.scopes

    return ask


def tenant() -> str:
    """The tenant of the request that is being served."""
    caller: Caller = g.caller
    return caller.tenant_id


def _identify() -> Caller:
    return _recognised(_credentials())


def _recognised(presented: list[str]) -> Caller:
    """Whose credentials they are. Raises: Failure."""
    if not presented and settings.current().auth_mode == "off":
        return ANYBODY
    callers = [tokens.recognise(text) or api_keys.recognise(text) for text in presented]
    if not callers or None in callers or len(set(callers)) > 1:
        message = "The credential is not valid." if callers else "A credential is needed."
        raise Failure(code=Code.UNAUTHENTICATED, message=message, headers=_CHALLENGE)
    caller = callers[0]
    assert caller is not None
    return caller


def _credentials() -> list[str]:
    """Every credential of the request; each of them must be good."""
    found = []
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, value = header.partition(" ")
        found.append(value.strip() if scheme.lower() == "bearer" else "")
    key = request.headers.get("X-API-Key")
    return [*found, key.strip()] if key is not None else found
