"""kombu's transport for Redis, with one client a channel.

kombu 5.7 makes a client for each message and each event that it sends; to make one (with its table of
callbacks for every command of Redis) costs ten times as much as to use it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    _kept: Any = None

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """`client`, or the channel's own for as long as its pool of connections is the same."""
        if client is None:
            if self._kept is None or self._kept.connection_pool is not self.pool:
                self._kept = self._create_client()  # type: ignore[attr-defined]
            client = self._kept
        yield client


class Transport(redis.Transport):
    Channel = Channel


def register() -> None:
    """Have `redis://` and its kin mean this transport."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
