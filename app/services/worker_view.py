"""Workers as operators see them, with what each runs."""

from typing import Any

from app.services.moments import moment
from app.store import surroundings, workers
from app.store.models import Worker
from app.store.session import transaction
from app.store.status import WorkerStatus
from app.store.surroundings import Running


def show() -> list[dict[str, Any]]:
    """All that are there, and those that went within the hour."""
    with transaction() as session:
        found, running = workers.of_late(session), surroundings.runs(session)
    return [
        _show(worker, [run for run in running if run.worker == worker.worker_id])
        for worker in found
    ]


def _show(worker: Worker, running: list[Running]) -> dict[str, Any]:
    return {
        "worker_id": worker.worker_id,
        "hostname": worker.hostname,
        "status": worker.status,
        "queues": worker.queues,
        "slots": worker.slots,
        "running": [
            {
                "job_id": run.job_id,
                "step_id": run.step_id,
                "attempt": run.attempt,
                "since": moment(run.started_at),
            }
            for run in running
        ],
        "started_at": moment(worker.started_at),
        "heartbeat_at": moment(worker.last_heartbeat_at),
        "draining": worker.status == WorkerStatus.DRAINING,
        "version": worker.version,
    }
