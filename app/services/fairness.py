"""Who comes first where several tenants want the same: whoever has least of it.

A message's level is its place in a queue, 0 first. It counts what its tenant has waiting and running
already, so the first steps of one come before the tenth of another, whatever their priorities: those
order a tenant's own jobs. And no tenant has a whole worker: beside its share, processes are left for
others, and the more it runs the nicer each of its processes is.
"""

from bisect import bisect_right
from math import log

from sqlalchemy.orm import Session

from app import settings
from app.store import shares
from app.store.session import Unreachable, transaction

_UPTO = (1, 3, 8, 21)
_CROWDED = len(_UPTO) + 1
_NICEST = 10
_STEP = 1.25
"""What a step of niceness is worth (sched(7))."""


def level(outstanding: int) -> int:
    """0 to 4: of a message whose tenant has so many others waiting or running."""
    return bisect_right(_UPTO, outstanding)


def crowded(own: int) -> int:
    """5 to 9: of one that was tried while its tenant had its share; `own` is its level."""
    return _CROWDED + own


def level_of(session: Session, job_id: str) -> int:
    """Of a message about a step of the job that is sent now, alone."""
    return level(max(0, shares.outstanding(session, job_id) - 1))


def level_now(job_id: str) -> int:
    """The same, outside a transaction. Without Postgres the message is sent all the same."""
    try:
        with transaction() as session:
            return level_of(session, job_id)
    except Unreachable:
        return 0


def has_share(beside: int) -> bool:
    """Whether a tenant that has so many steps at this worker has its share of it."""
    most = settings.current().worker_share
    return 0 < most <= beside


def niceness(beside: int) -> int:
    """So much nicer are processes of a tenant that runs `beside` more: all together weigh as one."""
    return min(_NICEST, round(log(beside + 1) / log(_STEP)))
