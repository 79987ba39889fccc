"""A lock in Redis: SET NX PX, released by its owner alone; only to save work, never for truth."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from app import settings


def connect() -> Redis:
    """A client of the configured server that gives up soon."""
    return Redis.from_url(settings.current().redis_url, socket_connect_timeout=1, socket_timeout=2)


def is_first_within(name: str, seconds: float) -> bool:
    """Whether nobody has asked this so lately, by Redis' clock. Raises: RedisError."""
    client = connect()
    try:
        key = f"media_pipeline:lately:{name}"
        return bool(client.set(key, 1, nx=True, px=max(1, round(seconds * 1000))))
    finally:
        client.close()


@contextmanager
def kept(lock: Lock, ttl_s: float) -> Iterator[None]:
    """Keep a lock alive in a thread while the block runs, however long one part of it takes."""
    is_done = threading.Event()

    def keep() -> None:
        while not is_done.wait(ttl_s / 3):
            try:
                lock.extend(ttl_s, replace_ttl=True)
            except (LockError, RedisError):
                return  # it is somebody else's, or Redis is away: the block is idempotent

    thread = threading.Thread(target=keep, name="lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join(timeout=3)


@contextmanager
def try_lock(name: str, ttl_s: float) -> Iterator[Lock | None]:
    """The lock, or None while somebody else has it. Long work holds on to it with `kept`."""
    client = connect()
    lock = client.lock(
        f"media_pipeline:lock:{name}", timeout=ttl_s, blocking=False, thread_local=False
    )
    is_ours = lock.acquire()
    try:
        yield lock if is_ours else None
    finally:
        if is_ours:
            try:
                lock.release()
            except (LockError, RedisError):
                pass  # it ran out, or will: somebody else may have it by now
        client.close()
