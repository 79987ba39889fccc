"""What a worker process does beside tasks: logging, and saying that it is there."""

import gc
import threading
import time
from contextlib import suppress
from typing import Any

from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from sqlalchemy.orm import configure_mappers

from app import log, settings, tracing
from app.engine import tools, workspace
from app.errors import Failure
from app.queue import names
from app.queue.celery import LAST_DEADLINE, celery
from app.services import sweep, worker_presence
from app.store.session import Unreachable
from app.store.status import WorkerStatus
from operators import registry
from tasks import endpoint


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    log.configure(settings.current())


@worker_process_init.connect
def begin_child(**_: Any) -> None:
    tracing.start()


@worker_process_shutdown.connect
def end_child(**_: Any) -> None:
    tracing.flush()


@celeryd_after_setup.connect
def serve_own_place(instance: Any, **_: Any) -> None:
    """A worker also takes the steps of its queues that must run where its WORK_DIR is."""
    queues = instance.app.amqp.queues
    place = workspace.fingerprint(settings.current().work_dir)
    for queue in list(queues.consume_from):
        if own := names.of_place(queue, place):
            queues.select_add(own)


@celeryd_after_setup.connect
def warm_up(**_: Any) -> None:
    """Find out before children are forked what each would find out at its first task (FFmpeg, the walls
    in which it runs, the operators), and keep what all share out of their garbage collection."""
    with suppress(Failure):  # the first step will say so
        tools.find(settings.current())
    registry.listed()
    configure_mappers()
    gc.freeze()


_LAST_BEAT_S = 3.0


class Heartbeat(threading.Thread):
    """Reports every HEARTBEAT_S from the worker's main process, which no encode can starve."""

    def __init__(self, worker_id: str, slots: int, queues: list[str]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._report = (worker_id, slots, queues)
        self._status = WorkerStatus.ACTIVE
        self._changed = threading.Event()
        self._cleaned_at = 0.0
        self._turned_at = time.monotonic()

    def run(self) -> None:
        while self._status is not WorkerStatus.OFFLINE:
            self._changed.clear()
            self._turned_at = time.monotonic()
            try:
                worker_presence.beat(*self._report, self._status)
                worker_presence.end_strays()
                sweep.rescue()
                self._clean()
            except Exception as error:
                # whatever it was, the next beat may succeed; a silent thread would look like death
                log.get(__name__).warning("heartbeat not complete", error=str(error))
            self._changed.wait(float(settings.current().heartbeat_s))

    def _clean(self) -> None:
        """Each machine removes its own work files: no sweep elsewhere sees them."""
        if time.monotonic() - self._cleaned_at > float(settings.current().sweep_s):
            self._cleaned_at = time.monotonic()
            sweep.remove_work_files()

    def is_well(self) -> bool:
        """Whether this thread turns. Not whether Postgres answers: a restart would not mend that."""
        return time.monotonic() - self._turned_at < 2 * float(settings.current().stale_s)

    def drain(self) -> None:
        """Say that no more work is wanted. Called in a signal handler: does nothing itself."""
        self._status = WorkerStatus.DRAINING
        self._changed.set()

    def stop(self) -> None:
        self._status = WorkerStatus.OFFLINE
        self._changed.set()
        self.join(timeout=_LAST_BEAT_S)  # what it is about to say would be said after this
        with suppress(*Unreachable):
            worker_presence.leave(self._report[0])


_HEARTBEAT = "media_pipeline_heartbeat"


@worker_ready.connect
def start_heartbeat(sender: Any, **_: Any) -> None:
    worker_id = settings.current().worker_id or str(sender.hostname)
    queues = sorted(sender.app.amqp.queues.consume_from)
    slots = settings.current().worker_slots or int(sender.controller.concurrency)
    heartbeat = Heartbeat(worker_id, slots, queues)
    setattr(celery, _HEARTBEAT, heartbeat)
    heartbeat.start()
    if listen := settings.current().metrics_listen:
        endpoint.serve(listen, heartbeat.is_well)


@worker_shutting_down.connect
def drain(**_: Any) -> None:
    """SIGTERM: what runs may finish within DRAIN_S, then it is given back."""
    last_deadline = getattr(celery, LAST_DEADLINE, None)
    if last_deadline is not None:
        last_deadline.begin()
    heartbeat = getattr(celery, _HEARTBEAT, None)
    if heartbeat is not None:
        heartbeat.drain()


@worker_shutdown.connect
def stop_heartbeat(**_: Any) -> None:
    """Say goodbye. Celery tells of a warm end only, so the program that runs it calls this as well."""
    heartbeat = getattr(celery, _HEARTBEAT, None)
    if heartbeat is not None:
        setattr(celery, _HEARTBEAT, None)
        heartbeat.stop()
