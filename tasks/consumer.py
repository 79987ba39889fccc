"""Celery's consumer, but one that gathers events: to send one costs a worker as much as to take a message."""

import time
from collections.abc import Callable
from typing import Any

from celery.worker import consumer

_GATHER_S = 0.25


class Consumer(consumer.Consumer):
    """Sends what happened to tasks a quarter of a second later, in one message."""

    hub: Any
    _flush_events: Callable[[], None]
    _due = 0.0

    def on_send_event_buffered(self) -> None:  # type: ignore[override]
        now = time.monotonic()
        if (
            self.hub and now >= self._due
        ):  # by time: a flag would outlive a timer that was cancelled
            self._due = now + _GATHER_S
            self.hub.call_later(_GATHER_S, self._flush_events)

    def on_close(self) -> None:
        self._flush_events()  # what cannot be sent now is kept for the next connection
        super().on_close()

    def shutdown(self) -> None:
        self._flush_events()
        super().shutdown()
