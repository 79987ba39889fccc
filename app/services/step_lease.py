"""Holding on to a step while it is worked on: renew the lease, store progress, notice the end.

A thread of its own does the asking, from the claim to the publication, so that neither a long
copy nor a Postgres that hangs keeps the main thread from stopping FFmpeg in time.
"""

import threading
import time
from dataclasses import dataclass, field

from app import log
from app.engine.outcome import Stop
from app.engine.progress import Progress
from app.services import webhook_note
from app.store import steps
from app.store.session import Unreachable, transaction

_LOOK_S = 0.4  # a cancelled job must be noticed within half a second


class LeaseEnded(Exception):
    """The step is not ours any more, or its job does not want it."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop)
        self.stop = stop


@dataclass(kw_only=True)
class Lease:
    """Our hold on one attempt. Use as a context manager around everything that is done for it."""

    job_id: str
    step_id: str
    attempt: int
    lease_s: float
    tells: bool = False
    """Whether somebody is told of the job's progress."""
    expected_ms: int | None = None
    percent: float | None = None
    """How far we are, where out_time does not tell."""
    latest: Progress = field(default_factory=Progress)
    _stored: Progress = field(default_factory=Progress)
    _renewed_at: float = field(default_factory=time.monotonic)
    _stop: Stop | None = None
    _released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Lease":
        self._thread = threading.Thread(target=log.carried(self._keep), name="lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._thread.join(timeout=2)

    def tick(self, progress: Progress) -> Stop | None:
        """A reason to stop, or None. Never waits."""
        self.latest = progress
        if self._stop:
            return self._stop
        # without Postgres we may go on for as long as nobody else can take the step
        is_overdue = time.monotonic() - self._renewed_at > self.lease_s
        return Stop.LEASE_LOST if is_overdue else None

    def check(self) -> None:
        """A tick outside FFmpeg's run. Raises: LeaseEnded."""
        stop = self.tick(self.latest)
        if stop:
            raise LeaseEnded(stop)

    def move(self, progress: Progress, percent: float | None) -> None:
        """We got on, without FFmpeg. Raises: LeaseEnded."""
        self.percent, self.latest = percent, progress
        self.check()

    def _keep(self) -> None:
        while self._stop is None and not self._released.wait(_LOOK_S):
            try:
                self._stop = self._verdict(self._pulse(self.latest, time.monotonic()))
            except Unreachable as error:
                log.get(__name__).warning("lease not renewed", error=str(error))

    @staticmethod
    def _verdict(pulse: steps.Pulse) -> Stop | None:
        if not pulse.is_wanted:
            return Stop.CANCELLED
        return None if pulse.is_ours else Stop.LEASE_LOST

    def _pulse(self, progress: Progress, now: float) -> steps.Pulse:
        is_news = progress.place != self._stored.place
        with transaction() as session:
            if not is_news and now - self._renewed_at < self.lease_s / 3:
                return steps.look(session, self.job_id, self.step_id, self.attempt)
            pulse = steps.renew(
                session,
                self.job_id,
                self.step_id,
                self.attempt,
                self.lease_s,
                percent=self._percent(progress),
                progress=progress.to_json() if is_news else None,
            )
        self._renewed_at, self._stored = now, progress
        if is_news and self.tells:
            # a transaction of its own: the job's row is locked before its steps', never after
            with transaction() as session:
                webhook_note.note_progress(session, self.job_id)
        return pulse

    def _percent(self, progress: Progress) -> float | None:
        if self.percent is not None:
            return min(99.0, self.percent)
        if not self.expected_ms or progress.out_time_ms is None:
            return None
        return min(99.0, 100 * progress.out_time_ms / self.expected_ms)
