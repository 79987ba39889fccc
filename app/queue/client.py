"""The Redis client of request handlers: pooled, a connection a thread, and soon out of patience."""

from functools import cache

from redis import Redis

from app import settings

PATIENCE_S = 0.4
"""An API request waits no longer for Redis."""


@cache
def _client(url: str) -> Redis:
    return Redis.from_url(
        url, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S, decode_responses=True
    )


def redis() -> Redis:
    return _client(settings.current().redis_url)
