"""How many may do a thing at once: over all processes by leases in a sorted set in Redis, or in this one.

With Redis away everybody may: the limit keeps one host from taking everybody's time, no more.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore

from redis.exceptions import RedisError

from app import log
from app.queue.client import redis

_PREFIX = "media_pipeline:slots:"
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


@contextmanager
def slot(name: str, most: int, lease_s: float) -> Iterator[bool]:
    """Whether we have one of the `most` slots; it is free again after the block, or the lease."""
    key, token = _PREFIX + name, secrets.token_hex(8)
    try:
        is_ours = bool(redis().eval(_TAKE, 1, key, most, round(lease_s * 1000), token))
    except RedisError as error:
        log.get(__name__).warning("slots are not counted, Redis is away", error=str(error))
        is_ours = True
    try:
        yield is_ours
    finally:
        if is_ours:
            try:
                redis().zrem(key, token)
            except RedisError:
                pass  # the lease ends by itself


@contextmanager
def place(places: Semaphore) -> Iterator[bool]:
    """Whether this process has one of its places left; it is free again after the block."""
    is_ours = places.acquire(blocking=False)
    try:
        yield is_ours
    finally:
        if is_ours:
            places.release()
