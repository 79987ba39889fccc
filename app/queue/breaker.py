"""A circuit breaker for every remote host and tenant, shared by all processes through Redis, by Redis' clock.

Five failures in a row open it: for a while nobody asks that host, then one trial decides. With Redis
away everybody may ask: a breaker saves work, it must not take the service down.
"""

import time
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from app import log
from app.queue.client import redis

FAILURES = 5
_PREFIX = "media_pipeline:breaker:"
_KNOWN = "media_pipeline:breakers"
_FORGOTTEN_MS = 3_600_000
_TRIAL_MS = 30_000  # a trial that nobody reports on: its process died

# the ms that a caller must wait, 0 where it may ask now
_MAY_ASK = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = tonumber(redis.call('HGET', KEYS[1], 'open_until') or '0')
if until_ms == 0 then return 0 end
if until_ms > now then return until_ms - now end
redis.call('HSET', KEYS[1], 'open_until', now + tonumber(ARGV[1]))
return 0
"""
_FAILED = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures >= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'open_until', now + tonumber(ARGV[2]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[4])
return failures
"""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """`state` is closed, open, or half_open: the next caller is the trial."""

    host: str
    state: str
    failures: int


def wait_s(host: str) -> float:
    """For how many seconds a host must be left alone; 0: ask it, and report what came of it."""
    try:
        return int(redis().eval(_MAY_ASK, 1, _PREFIX + host, _TRIAL_MS)) / 1000
    except RedisError as error:
        log.get(__name__).warning("the breaker is not asked, Redis is away", error=str(error))
        return 0


def report(host: str, has_failed: bool, open_s: float) -> None:
    """A host answered, or it failed as hosts fail: silence, a broken answer, a 5xx."""
    try:
        if has_failed:
            limits = FAILURES, round(open_s * 1000), _FORGOTTEN_MS, host
            redis().eval(_FAILED, 2, _PREFIX + host, _KNOWN, *limits)
        elif redis().delete(_PREFIX + host):
            redis().zrem(_KNOWN, host)
    except RedisError as error:
        log.get(__name__).warning("the breaker is not told, Redis is away", error=str(error))


def states() -> list[Breaker]:
    """Every host that failed lately. Raises: RedisError."""
    hosts: Any = redis().zrange(_KNOWN, 0, -1)
    found = [(host, redis().hgetall(_PREFIX + host)) for host in hosts]
    gone = [host for host, kept in found if not kept]
    if gone:
        redis().zrem(_KNOWN, *gone)
    return [_state(host, kept) for host, kept in found if kept]


def _state(host: str, kept: Any) -> Breaker:
    open_until, now = int(kept.get("open_until", 0)), time.time() * 1000
    state = "closed" if not open_until else "open" if open_until > now else "half_open"
    return Breaker(host=host, state=state, failures=int(kept.get("failures", 0)))
