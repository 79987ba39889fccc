"""A worker says that it is there, and what it can do."""

import os
import socket
from importlib.metadata import version

from app import log, settings
from app.engine import strays, workspace
from app.store import workers
from app.store.session import transaction
from app.store.status import WorkerStatus


def beat(
    worker_id: str, slots: int, queues: list[str], status: WorkerStatus = WorkerStatus.ACTIVE
) -> None:
    """Register, or renew the registration."""
    with transaction() as session:
        workers.beat(
            session, worker_id, hostname=socket.gethostname(), version=version("media-pipeline"),
            slots=slots, queues=queues, status=status.value, cores=len(os.sched_getaffinity(0)),
            work_dir_fingerprint=workspace.fingerprint(settings.current().work_dir),
        )  # fmt: skip


def end_strays() -> None:
    """End what killed processes of this machine have left running."""
    count = strays.end_strays(settings.current().work_dir)
    if count:
        log.get(__name__).warning("ended stray processes", count=count)


def leave(worker_id: str) -> None:
    """Say goodbye in good order."""
    with transaction() as session:
        workers.leave(session, worker_id)
