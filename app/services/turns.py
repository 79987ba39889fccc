"""Requests that wait for something else than Postgres: no tenant has all threads of the API, and some
are always left for what is answered at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

from app.errors import Failure
from app.queue import slots
from app.services.media_probe import PATIENCE_S
from operators.problem import Code

_OF_TENANT = 8
"""Over all processes."""
_HERE = Semaphore(24)
_LEASE_S = 2 * PATIENCE_S
_AGAIN_S = 2


@contextmanager
def in_turn(tenant_id: str) -> Iterator[None]:
    """Look at files, or ask other hosts, while a client waits. Raises: Failure PROBE_BUSY."""
    with (
        slots.slot(f"waiting:{tenant_id}", _OF_TENANT, _LEASE_S) as is_tenants,
        slots.place(_HERE) as is_ours,
    ):
        if not is_tenants:
            raise _busy(f"{_OF_TENANT} requests of yours wait for files or other hosts already.")
        if not is_ours:
            raise _busy("The service looks at as many files as it can.")
        yield


def _busy(message: str) -> Failure:
    return Failure(code=Code.PROBE_BUSY, message=message, retry_after=_AGAIN_S)
