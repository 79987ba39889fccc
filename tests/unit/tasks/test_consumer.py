"""Task events are gathered, and none is left behind."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from celery.worker import consumer

from tasks.consumer import Consumer


class Hub:
    def __init__(self) -> None:
        self.planned: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, act: Callable[[], None]) -> None:
        self.planned.append((delay, act))


class Dispatcher:
    flushed = 0

    def flush(self) -> None:
        self.flushed += 1


@pytest.fixture
def worker() -> Any:
    made: Any = object.__new__(Consumer)  # without a broker
    made.hub, made.event_dispatcher = Hub(), Dispatcher()
    return made


def test_events_of_a_moment_are_sent_together_and_soon(worker: Any) -> None:
    for _ in range(3):
        worker.on_send_event_buffered()
    ((delay, send),) = worker.hub.planned
    assert 0 < delay < 1
    send()
    assert worker.event_dispatcher.flushed == 1


def test_events_are_sent_again_whatever_becomes_of_the_timer(
    worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.on_send_event_buffered()
    worker.hub.planned.clear()
    later = time.monotonic() + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    worker.on_send_event_buffered()
    assert len(worker.hub.planned) == 1


@pytest.mark.parametrize("end", ["shutdown", "on_close"])
def test_a_worker_that_ends_or_is_cut_off_sends_its_last_events(
    worker: Any, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(consumer.Consumer, end, lambda _: None)
    getattr(worker, end)()
    assert worker.event_dispatcher.flushed == 1


def test_it_is_what_workers_are_made_with() -> None:
    from app.queue.celery import celery

    assert celery.conf.worker_consumer == "tasks.consumer:Consumer"
