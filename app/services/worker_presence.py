"""A worker says that it is there, and what it can do."""

import os
import socket
from importlib.metadata import version

from app import settings
from app.engine import workspace
from app.store import workers
from app.store.session import transaction


def beat(worker_id: str, slots: int, queues: list[str]) -> None:
    """Register, or renew the registration."""
    with transaction() as session:
        workers.beat(
            session, worker_id, hostname=socket.gethostname(), version=version("media-pipeline"),
            slots=slots, queues=queues, cores=len(os.sched_getaffinity(0)),
            work_dir_fingerprint=workspace.fingerprint(settings.current().work_dir),
        )  # fmt: skip


def leave(worker_id: str) -> None:
    """Say goodbye in good order."""
    with transaction() as session:
        workers.leave(session, worker_id)
