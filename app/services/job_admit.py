"""Admit waiting jobs as slots and the limits of their tenants allow; tenants in turn."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app import log, settings
from app.queue import send, waiting
from app.queue.waiting import Waiting
from app.store import admissions
from app.store.models import Job
from app.store.session import transaction

_SPARE = 2
"""Jobs beyond twice the slots: some probe, some publish, and no slot must wait for the next."""
_SHOWN = 10


def as_waiting(job: Job) -> Waiting:
    """A job as the queue sees it."""
    return Waiting(
        tenant_id=job.tenant_id,
        job_id=job.job_id,
        priority=job.priority,
        queued_ms=int(job.queued_at.timestamp() * 1000),
    )


def enter(job: Job) -> int | None:
    """Let a job wait, and ask for admissions; its place, None where Redis is away. What cannot be
    sent now is done by the sweep."""
    if not waiting.put(as_waiting(job)):
        return None
    place = waiting.positions([(job.tenant_id, job.job_id)]).get(job.job_id)
    send.enqueue_admit()
    return place


def admit() -> int:
    """Admit what there is room for; how many jobs that were. Idempotent."""
    try:
        if not waiting.tenants():
            return 0
        with transaction() as session:
            admissions.lock(session)
            taken = list(_take(session))
    except RedisError as error:
        log.get(__name__).warning("nothing admitted, Redis is away", error=str(error))
        return 0
    for tenant_id, job_id in taken:
        waiting.drop(tenant_id, job_id)
        send.enqueue_advance(job_id)
    return len(taken)


def _take(session: Session) -> Iterator[tuple[str, str]]:
    """Admit one job after the other: tenant, job."""
    now, seen, spent = settings.current(), set[str](), set[str]()
    found = admissions.look(session, float(now.stale_s))
    busy, window = dict(found.admitted), _window(found.slots or now.slots)
    while not found.is_paused:
        tenant_id = _next_tenant([t for t in waiting.tenants() if t not in spent], busy, window)
        if tenant_id is None:
            return
        head = next((j for j in waiting.heads(tenant_id, len(seen) + 1) if j not in seen), None)
        waiting.served(tenant_id)
        if head is None:
            spent.add(tenant_id)
            continue
        seen.add(head)
        if not admissions.admit(session, head):
            waiting.drop(tenant_id, head)  # cancelled meanwhile
            continue
        busy[tenant_id] = busy.get(tenant_id, 0) + 1
        yield tenant_id, head


def _next_tenant(waits: Sequence[str], busy: Mapping[str, int], window: int) -> str | None:
    """Whose turn it is: while there is room, anybody's; then, as far again, theirs who have less than
    their share, which others took while they were away."""
    most, under_way = settings.current().limit_concurrent_jobs, sum(busy.values())
    if under_way >= 2 * window:
        return None
    if under_way >= window:
        most = min(most, max(1, window // max(2, len({*busy, *waits}))))
    return next((name for name in waits if busy.get(name, 0) < most), None)


def _window(slots: int) -> int:
    """How many jobs may be under way: more would only wait in another queue, out of order."""
    return 2 * slots + _SPARE


def refill() -> int:
    """Make the queue what Postgres says it is; how many jobs were missing, misplaced or too many."""
    with transaction() as session:
        known = {*admissions.count_waiting(session), *waiting.tenants()}
    return sum(map(_refill, sorted(known)))


def _refill(tenant_id: str) -> int:
    # Redis first: whatever is there was committed before, so what Postgres lacks has left the queue
    there = waiting.content(tenant_id)
    with transaction() as session:
        rows = admissions.waiting(session, tenant_id)
    jobs = [
        Waiting(tenant_id=tenant_id, job_id=job_id, priority=priority, queued_ms=queued_ms)
        for job_id, priority, queued_ms in rows
    ]
    wrong = [job for job in jobs if there.get(job.job_id) != job.score]
    surplus = there.keys() - {job.job_id for job in jobs}
    waiting.fill(wrong or jobs[:1])  # at least one: its tenant must be among those that take turns
    waiting.drop(tenant_id, *surplus)
    return len(wrong) + len(surplus)


def show() -> dict[str, Any]:
    """`{paused, depth, running, tenants: [{tenant, depth, running, next: [job ids]}]}`; numbers
    from Postgres, order from Redis (empty while it is away)."""
    with transaction() as session:
        depths, running = admissions.count_waiting(session), admissions.count_admitted(session)
        paused = admissions.is_paused(session)
    return {
        "paused": paused,
        "depth": sum(depths.values()),
        "running": sum(running.values()),
        "tenants": [
            {
                "tenant": tenant,
                "depth": depths.get(tenant, 0),
                "running": running.get(tenant, 0),
                "next": _heads(tenant),
            }
            for tenant in sorted({*depths, *running})
        ],
    }


def _heads(tenant_id: str) -> list[str]:
    try:
        return waiting.heads(tenant_id, _SHOWN)
    except RedisError:
        return []


def set_paused(paused: bool) -> dict[str, Any]:
    """Pause or resume admissions; the queue as it is then."""
    with transaction() as session:
        admissions.set_paused(session, paused)
    if not paused:
        send.enqueue_admit()
    return show()
