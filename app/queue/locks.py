"""A lock in Redis: SET NX PX, released by its owner alone; only to save work, never for truth."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import LockError
from redis.lock import Lock

from app import settings


def connect() -> Redis:
    """A client of the configured server that gives up soon."""
    return Redis.from_url(settings.current().redis_url, socket_connect_timeout=1, socket_timeout=2)


@contextmanager
def try_lock(name: str, ttl_s: float) -> Iterator[Lock | None]:
    """The lock, or None while somebody else has it. Long work calls `extend` on it in between."""
    client = connect()
    lock = client.lock(f"media_pipeline:lock:{name}", timeout=ttl_s, blocking=False)
    is_ours = lock.acquire()
    try:
        yield lock if is_ours else None
    finally:
        if is_ours:
            try:
                lock.release()
            except LockError:
                pass  # it ran out; somebody else may have it by now
        client.close()
