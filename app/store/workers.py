"""Workers: registration, heartbeat, going offline. Never commits."""

from typing import Any

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.store.models import Worker
from app.store.status import WorkerStatus

_NOW = func.clock_timestamp()
MEDIA_QUEUE = "media"
"""The queue whose workers run FFmpeg; `app.queue.names` says the same, and a test compares."""

_RECENT = _NOW - func.make_interval(0, 0, 0, 0, 0, 0, bindparam("stale_s"))
_IS_ACTIVE = and_(Worker.status == WorkerStatus.ACTIVE.value, Worker.last_heartbeat_at >= _RECENT)
_RUNS_MEDIA = Worker.queues.contains([MEDIA_QUEUE])
_MACHINES = (
    select(func.least(func.sum(Worker.slots), func.max(Worker.cores)).label("slots"))
    .where(_IS_ACTIVE, _RUNS_MEDIA)
    .group_by(Worker.hostname)
    .subquery()
)
SLOTS = select(func.sum(_MACHINES.c.slots))
"""SQL: how many FFmpegs run at once, by workers that were heard within `stale_s`."""


def beat(session: Session, worker_id: str, **values: Any) -> None:
    """Register a worker, or say that it is still there, and how (`status`; active by default)."""
    values.setdefault("status", WorkerStatus.ACTIVE.value)
    session.execute(
        insert(Worker)
        .values(worker_id=worker_id, **values)
        .on_conflict_do_update(
            index_elements=[Worker.worker_id],
            set_={"last_heartbeat_at": _NOW, "status": insert(Worker).excluded.status},
        )
    )


def leave(session: Session, worker_id: str) -> None:
    session.execute(
        update(Worker)
        .where(Worker.worker_id == worker_id)
        .values(status=WorkerStatus.OFFLINE.value)
    )


def mark_stale(session: Session, stale_s: float, was: WorkerStatus) -> list[str]:
    """Set workers offline that had a status and have not been heard for `stale_s`; their ids."""
    old = _NOW - func.make_interval(0, 0, 0, 0, 0, 0, stale_s)
    return list(
        session.scalars(
            update(Worker)
            .where(Worker.status == was.value, Worker.last_heartbeat_at < old)
            .values(status=WorkerStatus.OFFLINE.value)
            .returning(Worker.worker_id)
        )
    )


def of_late(session: Session) -> list[Worker]:
    """Workers that are not known to have ended, and those that did within the hour."""
    recent = _NOW - func.make_interval(0, 0, 0, 0, 1)
    which = (Worker.status != WorkerStatus.OFFLINE.value) | (Worker.last_heartbeat_at >= recent)
    query = select(Worker).where(which).order_by(Worker.hostname, Worker.worker_id)
    return list(session.scalars(query))


def count_slots(session: Session, stale_s: float) -> int:
    """FFmpegs that run at once: the slots of all media workers, but of no machine more than its
    cores."""
    return int(session.scalar(SLOTS, {"stale_s": stale_s}) or 0)


def places(session: Session, stale_s: float) -> set[str]:
    """The WORK_DIRs that media workers can see now, by fingerprint. One that drains still sees
    its own, but takes nothing more."""
    seen = select(Worker.work_dir_fingerprint).where(_IS_ACTIVE, _RUNS_MEDIA)
    return set(session.scalars(seen, {"stale_s": stale_s}))


def count_active(session: Session, stale_s: float) -> int:
    """Workers that were heard lately."""
    return session.scalar(select(func.count()).where(_IS_ACTIVE), {"stale_s": stale_s}) or 0
