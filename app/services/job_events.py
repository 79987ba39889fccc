"""Events of jobs for listeners: one thread a process looks for all of them, twice a second."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app import log, settings
from app.errors import Failure
from app.services.job_read import find_job
from app.services.job_view import show_progress
from app.services.moments import moment
from app.store import events
from app.store.models import Job, JobEvent, Step
from app.store.session import transaction
from app.store.status import TERMINAL
from operators.problem import Code

_LOOK_S = 0.5
_QUIET_S = 15.0
_CHECK_S = 10.0
"""So long a credential is believed that opened a stream; and as long as all is quiet."""
_LONGEST_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """`seq` is None for progress, which is not kept and cannot be asked for again."""

    type: str
    data: Mapping[str, Any]
    seq: int | None = None


@dataclass(kw_only=True, eq=False)
class Listener:
    """One stream: what it has been given, and what waits to be sent."""

    job_id: str
    tenant_id: str
    seq: int
    progress: dict[str, Any] | None = None
    waiting: "queue.SimpleQueue[Event | None]" = field(default_factory=queue.SimpleQueue)

    def give(self, found: Sequence[JobEvent], job: Job, steps: Sequence[Step]) -> None:
        """Events first, then progress if it has changed, then the end if the job has ended."""
        for event in found:
            if event.seq > self.seq:
                self.seq = event.seq
                self.waiting.put(Event(type=event.type, data=_data(event), seq=event.seq))
        progress = show_progress(job, steps)
        if progress != self.progress and job.status not in TERMINAL:
            self.progress = progress
            self.waiting.put(Event(type="job.progress", data={"job_id": job.job_id, **progress}))
        if job.status in TERMINAL and self.seq >= job.event_seq:
            self.waiting.put(None)


class Hub:
    """All streams of this process, and the thread that feeds them while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._is_looking = False
        self._is_closed = False

    def join(self, listener: Listener) -> None:
        """Raises: Failure SERVICE_UNAVAILABLE where there are too many streams, QUOTA_EXCEEDED where
        too many of them are the tenant's."""
        with self._lock:
            own = sum(other.tenant_id == listener.tenant_id for other in self._listeners)
            if own >= max(1, settings.current().event_streams // 2):
                text = "Your event streams are too many; close some, or GET the job instead."
                raise Failure(code=Code.QUOTA_EXCEEDED, message=text, retry_after=5)
            if self._is_closed or len(self._listeners) >= settings.current().event_streams:
                text = "There are too many event streams here; GET the job instead, or try again."
                raise Failure(code=Code.SERVICE_UNAVAILABLE, message=text, retry_after=5)
            self._listeners.add(listener)
            if not self._is_looking:
                self._is_looking = True
                threading.Thread(target=self._look, name="events", daemon=True).start()

    def leave(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    @property
    def count(self) -> int:
        """Streams that are open."""
        return len(self._listeners)

    def close(self) -> None:
        """End every stream: the process is told to go, and clients will come to another one.

        Called in a signal handler, so it takes no lock.
        """
        self._is_closed = True
        for listener in tuple(self._listeners):
            listener.waiting.put(None)

    def _look(self) -> None:
        while True:
            with self._lock:
                listeners = tuple(self._listeners)
                if not listeners:
                    self._is_looking = False
                    return
            try:
                _feed(listeners)
            except Exception as error:
                log.get(__name__).warning("events could not be read", error=str(error))
            time.sleep(_LOOK_S)


HUB = Hub()


def _feed(listeners: Sequence[Listener]) -> None:
    oldest: dict[str, int] = {}
    for listener in listeners:
        oldest[listener.job_id] = min(listener.seq, oldest.get(listener.job_id, listener.seq))
    with transaction() as session:
        found: dict[str, list[JobEvent]] = {job_id: [] for job_id in oldest}
        for event in events.after(session, oldest):
            found[event.job_id].append(event)
        # after the events: a job that has ended by then is told of in the next round
        jobs = events.jobs_with_steps(session, list(oldest))
    for listener in listeners:
        if listener.job_id in jobs:
            listener.give(found[listener.job_id], *jobs[listener.job_id])
        else:
            listener.waiting.put(None)  # the job is gone by the rule of retention


class Stream:
    """What one client is sent. Must be closed, also where nothing was ever read from it."""

    def __init__(self, listener: Listener, is_allowed: Callable[[], bool]) -> None:
        self._listener, self._is_allowed = listener, is_allowed

    def __iter__(self) -> Iterator[Event | None]:
        """Events until the job's end, or for a while; None now and then when all is quiet."""
        until = time.monotonic() + _LONGEST_S
        checked_at = time.monotonic()
        while time.monotonic() < until:
            if time.monotonic() - checked_at > _CHECK_S:
                checked_at = time.monotonic()
                if not self._is_allowed():
                    return
            try:
                event = self._listener.waiting.get(timeout=_QUIET_S)
            except queue.Empty:
                yield None
                continue
            if event is None:
                return
            yield event

    def close(self) -> None:
        HUB.leave(self._listener)


def listen(
    job_id: str, tenant_id: str, after: int, is_allowed: Callable[[], bool] = lambda: True
) -> Stream | None:
    """The events after the number `after`; None where the job has ended and there are no more.
    `is_allowed` is asked now and then while the stream lives.

    Raises: Failure JOB_NOT_FOUND, SERVICE_UNAVAILABLE where there are too many streams.
    """
    with transaction() as session:
        job = find_job(session, job_id, tenant_id)
    if job.status in TERMINAL and after >= job.event_seq:
        return None
    listener = Listener(job_id=job_id, tenant_id=tenant_id, seq=after)
    HUB.join(listener)
    return Stream(listener, is_allowed)


def _data(event: JobEvent) -> dict[str, Any]:
    return {"job_id": event.job_id, **event.data, "at": moment(event.created_at)}
