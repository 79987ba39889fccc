"""What a worker process does beside tasks: logging, and saying that it is there."""

import threading
from typing import Any

from celery.signals import setup_logging, worker_ready, worker_shutdown

from app import log, settings
from app.services import worker_presence


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    log.configure(settings.current())


class Heartbeat(threading.Thread):
    """Reports every HEARTBEAT_S from the worker's main process, which no encode can starve."""

    def __init__(self, worker_id: str, slots: int, queues: list[str]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._report = (worker_id, slots, queues)
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            try:
                worker_presence.beat(*self._report)
            except Exception as error:
                # whatever it was, the next beat may succeed; a silent thread would look like death
                log.get(__name__).warning("heartbeat not sent", error=str(error))
            if self._stopped.wait(float(settings.current().heartbeat_s)):
                return

    def stop(self) -> None:
        self._stopped.set()
        worker_presence.leave(self._report[0])


_HEARTBEAT = "media_pipeline_heartbeat"


@worker_ready.connect
def start_heartbeat(sender: Any, **_: Any) -> None:
    worker_id = settings.current().worker_id or str(sender.hostname)
    queues = sorted(sender.app.amqp.queues.consume_from)
    heartbeat = Heartbeat(worker_id, int(sender.controller.concurrency), queues)
    setattr(sender.controller, _HEARTBEAT, heartbeat)
    heartbeat.start()


@worker_shutdown.connect
def stop_heartbeat(sender: Any, **_: Any) -> None:
    heartbeat = getattr(sender, _HEARTBEAT, None)
    if heartbeat is not None:
        heartbeat.stop()
