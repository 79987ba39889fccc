"""Remote sources behind the circuit breaker of their host."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

from app import settings
from app.engine.storage import registry
from app.engine.storage.port import Described, Publication, Source
from app.engine.storage.registry import Access
from app.engine.web.client import Web
from app.engine.web.guard import Guard
from app.errors import Failure
from app.queue import breaker
from operators.problem import Code

_PATIENCE_S = 20.0


def web(within_s: float | None = None) -> Web:
    """The guarded client as this server is set up; `within_s`: all must be over by then."""
    now = settings.current()
    patience_s = min(_PATIENCE_S, float(now.stall_timeout_s))
    deadline = None if within_s is None else time.monotonic() + within_s
    return Web(
        guard=Guard(
            allows_private=now.allow_private_networks, patience_s=patience_s, deadline=deadline
        )
    )


def access(tenant_id: str, within_s: float | None = None) -> Access:
    """The storage that a tenant may use, as this server is set up."""
    now = settings.current()
    return Access(
        roots=now.roots(tenant_id), s3_endpoint=now.s3_endpoint_url, web=lambda: web(within_s)
    )


def open_source(uri: str, tenant_id: str, within_s: float) -> Source:
    """The source that a URI names, as its scheme wants it; all that is asked of it must be over
    `within_s`."""
    source = registry.open_source(uri, access(tenant_id, within_s))
    return _Guarded(source=source, tenant_id=tenant_id)


def plan_publication(uri: str, tenant_id: str, attempt: str, media_type: str) -> Publication:
    """How an output will appear at its destination; `media_type`: what servers tell of it.

    Raises: Failure.
    """
    output = registry.Output(uri=uri, attempt=attempt, media_type=media_type)
    return registry.plan_publication(output, access(tenant_id))


@dataclass(frozen=True, kw_only=True)
class _Guarded:
    """A source whose host is not asked for a tenant while its breaker is open."""

    source: Source
    tenant_id: str

    @property
    def host(self) -> str:
        return self.source.host

    def describe(self) -> Described:
        with watched(self.host, self.tenant_id):
            return self.source.describe()

    @contextmanager
    def read(
        self, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> Iterator[Iterator[bytes]]:
        with watched(self.host, self.tenant_id), self.source.read(start, stop, version) as chunks:
            yield chunks


@contextmanager
def watched(host: str, tenant_id: str) -> Iterator[None]:
    """Ask a host, and tell its breaker how that went: one for each tenant, so that nobody's trouble is
    another's. Raises: Failure while it is open."""
    name = breaker_of(host, tenant_id)
    wait_s = breaker.wait_s(name)
    if wait_s:
        raise Failure(
            code=Code.INPUT_DOWNLOAD_FAILED,
            message=f"{host} failed {breaker.FAILURES} times in a row and is not asked for {ceil(wait_s)} s.",
            retry_after=ceil(wait_s),
        )
    open_s = float(settings.current().breaker_s)
    try:
        yield
    except Failure as failure:
        # what is refused, or not there, was answered; that our own time was over says nothing
        if failure.code is not Code.TIMEOUT:
            breaker.report(name, failure.is_retryable, open_s)
        raise
    breaker.report(name, False, open_s)


def breaker_of(host: str, tenant_id: str) -> str:
    """The name of a breaker, as operators see it."""
    return f"{host} for {tenant_id}"
