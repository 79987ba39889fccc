"""What gunicorn's workers do beside serving: streams end when the process is told to go."""

import gc
import signal
from typing import Any

from app.services.job_events import HUB


def post_worker_init(worker: Any) -> None:
    """Without this, open event streams hold a worker for the whole graceful timeout."""
    gc.freeze()  # what is loaded now stays: garbage collection need not look at it
    before = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: Any) -> None:
        HUB.close()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, end)
