"""One Redis client a process, however many ask first."""

import threading
import time
from typing import Any

import pytest
from redis import Redis

from app.queue import client


def test_threads_that_ask_first_at_once_get_the_same_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = Redis.from_url

    def slowly(*args: Any, **how: Any) -> Redis:
        time.sleep(0.02)
        return make(*args, **how)

    monkeypatch.setattr(client.Redis, "from_url", slowly)
    client._client.cache_clear()
    found: list[Redis] = []
    threads = [threading.Thread(target=lambda: found.append(client.redis())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client._client.cache_clear()
    assert len({id(one) for one in found}) == 1
