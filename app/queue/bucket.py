"""A token bucket in Redis, shared by all processes, exact by Redis' own clock; one round trip.

With Redis away requests pass: a limit protects the service, it must not take it down.
"""

import time
from dataclasses import dataclass

from redis.exceptions import RedisError

from app import log
from app.queue import client

_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local size, per_ms = tonumber(ARGV[1]), tonumber(ARGV[1]) / 60000
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(known[1]) or size, tonumber(known[2]) or now
tokens = math.min(size, tokens + math.max(0, now - at) * per_ms)
local passes = tokens >= 1
if passes then tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], 61000)
local wait = passes and 0 or math.ceil((1 - tokens) / per_ms)
return {passes and 1 or 0, math.floor(tokens), math.ceil((size - tokens) / per_ms), wait}
"""
_REST_S = 1.0  # for so long Redis is not asked again when it did not answer
_away_until = 0.0


@dataclass(frozen=True, kw_only=True)
class Level:
    """A bucket after a request took its token, or found none. Times in ms."""

    size: int
    passes: bool
    remaining: int
    full_in_ms: int
    wait_ms: int


def take(name: str, per_minute: int) -> Level | None:
    """Take a token from the bucket `name`, which holds a minute's worth; None: no limit now."""
    global _away_until
    if not per_minute or time.monotonic() < _away_until:
        return None
    try:
        key = f"media_pipeline:bucket:{name}"
        found = client.redis().eval(_SCRIPT, 1, key, per_minute)
    except RedisError as error:
        _away_until = time.monotonic() + _REST_S
        log.get(__name__).warning("requests are not counted, Redis is away", error=str(error))
        return None
    passes, remaining, full_in_ms, wait_ms = (int(value) for value in found)
    return Level(
        size=per_minute,
        passes=bool(passes),
        remaining=remaining,
        full_in_ms=full_in_ms,
        wait_ms=wait_ms,
    )
