"""What waiting costs as the queue grows: milliseconds to put, place, admit and cancel one job among many."""

import time
import uuid
from collections.abc import Callable

from sqlalchemy import insert, text

from app.queue import waiting
from app.services import job_admit, job_cancel, job_read
from app.store import jobs
from app.store.models import Job
from app.store.session import transaction
from bench.figure import median_ms
from tests.helpers.servers import own_servers

SIZES = (100, 1000, 10_000)
_TIMES = 30
_ENV = {"LIMIT_CONCURRENT_JOBS": "100000", "MEDIA_SLOTS": "256", "LOG_LEVEL": "error"}


def _fill(count: int) -> list[str]:
    """So many jobs of one tenant wait, and none is under way."""
    ids = ["job_" + uuid.uuid4().hex for _ in range(count)]
    row = {"tenant_id": "default", "priority": 5, "spec": {}, "timeout_ms": 1, "event_seq": 1}
    with transaction() as session:
        session.execute(text("TRUNCATE jobs CASCADE"))
        session.execute(insert(Job), [{"job_id": job_id, **row} for job_id in ids])
    job_admit.refill()
    with transaction() as session:
        session.execute(text("ANALYZE jobs"))
    return ids


def _ms(act: Callable[[str], object], ids: list[str]) -> float:
    """The median of some calls, each with a job of its own."""
    left = iter(ids)
    return median_ms(lambda: act(next(left)), len(ids))


def _put(job_id: str) -> None:
    with transaction() as session:
        job = jobs.get(session, job_id)
    assert job
    waiting.put(job_admit.as_waiting(job))


def curve() -> list[tuple[int, dict[str, float]]]:
    """By the number of waiting jobs, what one of each operation costs in ms."""
    found = []
    with own_servers(**_ENV):
        for size in SIZES:
            ids = _fill(size)
            some = ids[:: max(1, size // _TIMES)][:_TIMES]
            costs = {
                "put": _ms(_put, some),
                "position": _ms(lambda job_id: job_read.get(job_id, "default"), some),
                "cancel": _ms(lambda job_id: job_cancel.cancel(job_id, "default"), some),
            }
            began = time.perf_counter()
            admitted = job_admit.admit()
            costs["admit"] = 1000 * (time.perf_counter() - began) / max(1, admitted)
            found.append((size, costs))
    return found
