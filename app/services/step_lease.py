"""Holding on to a step while it is worked on: renew the lease, store progress, notice the end."""

import time
from dataclasses import dataclass, field

from app import log
from app.engine.process import Stop
from app.engine.progress import Progress
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
    """Our hold on one attempt. Called at every tick of the run, from one thread."""

    job_id: str
    step_id: str
    attempt: int
    lease_s: float
    expected_ms: int | None
    looked_at: float = field(default_factory=time.monotonic)
    renewed_at: float = field(default_factory=time.monotonic)
    stored: Progress = field(default_factory=Progress)

    def tick(self, progress: Progress) -> Stop | None:
        """A reason to stop, or None. Asks Postgres at most every `_LOOK_S`."""
        now = time.monotonic()
        if now - self.looked_at < _LOOK_S:
            return None
        self.looked_at = now
        try:
            pulse = self._pulse(progress, now)
        except Unreachable as error:
            log.get(__name__).warning("lease not renewed", error=str(error.orig))
            # without Postgres we may go on for as long as nobody else can take the step
            return Stop.LEASE_LOST if now - self.renewed_at > self.lease_s else None
        if not pulse.is_wanted:
            return Stop.CANCELLED
        return None if pulse.is_ours else Stop.LEASE_LOST

    def check(self) -> None:
        """A tick outside FFmpeg's run. Raises: LeaseEnded."""
        stop = self.tick(self.stored)
        if stop:
            raise LeaseEnded(stop)

    def _pulse(self, progress: Progress, now: float) -> steps.Pulse:
        is_news = progress != self.stored
        with transaction() as session:
            if not is_news and now - self.renewed_at < self.lease_s / 3:
                return steps.look(session, self.job_id, self.step_id, self.attempt)
            pulse = steps.renew(
                session, self.job_id, self.step_id, self.attempt, self.lease_s,
                percent=self._percent(progress), progress=progress.to_json() if is_news else None,
            )  # fmt: skip
        self.renewed_at, self.stored = now, progress
        return pulse

    def _percent(self, progress: Progress) -> float | None:
        if not self.expected_ms or progress.out_time_ms is None:
            return None
        return min(99.0, 100 * progress.out_time_ms / self.expected_ms)
