"""The Redis client of request handlers: pooled, a connection a thread, and soon out of patience."""

import threading
from functools import cache

from redis import Redis

from app import settings

_ONE_AT_A_TIME = threading.Lock()
PATIENCE_S = 0.4
"""An API request waits no longer for Redis."""


@cache
def _client(url: str) -> Redis:
    return Redis.from_url(
        url, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S, decode_responses=True
    )


def redis() -> Redis:
    # two first callers at once would make two clients, and the one that is not kept closes its
    # connections while it is used
    with _ONE_AT_A_TIME:
        return _client(settings.current().redis_url)
