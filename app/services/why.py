"""Why a job waits or stands still: a code, a sentence, and since when. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.queue import names
from app.services.moments import moment
from app.store.models import Job, Step
from app.store.status import TERMINAL, UNPLANNED, JobStatus, StepStatus
from app.store.surroundings import Running, Surroundings

_MISSED = 1.7
"""So many heartbeats without one is silence."""
_STILL_S = 15.0
_WRITTEN = 98.0
"""Percent: what is left is to look at it, and to publish it."""
_PLANNERS = (names.CONTROL, names.PLANNING)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The settings that decide it; seconds."""

    heartbeat_s: float
    stale_s: float
    stall_s: float
    concurrent_jobs: int


@dataclass(frozen=True, kw_only=True)
class Why:
    code: str
    message: str
    since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "since": moment(self.since)}


def why(
    job: Job, steps: Sequence[Step], place: int | None, around: Surroundings, rules: Rules
) -> Why | None:
    """None where the job gets on, or has ended; `place` is its place in the queue."""
    if job.status in TERMINAL:
        return None
    if job.status == JobStatus.PENDING and job.admitted_at is None:
        return _not_admitted(job, place, around, rules)
    if job.status in UNPLANNED:
        return _not_planned(job, around)
    running = around.running.get(job.job_id, ())
    known = {step.step_id: step for step in steps}
    halted = (_halted(run, known.get(run.step_id), around.now, rules) for run in running)
    waits = (_waits(step, around) for step in steps if _is_ready(step))
    # one step that gets on is enough, unless another one stands still
    return next((one for one in halted if one), None) or (
        None if running else next((one for one in waits if one), None)
    )


def _not_admitted(job: Job, place: int | None, around: Surroundings, rules: Rules) -> Why:
    since = job.queued_at
    if around.paused_at is not None:
        text = "The queue is paused: no job begins until it is resumed."
        return Why(code="QUEUE_PAUSED", message=text, since=max(since, around.paused_at))
    if around.admitted >= rules.concurrent_jobs:
        text = f"{around.admitted} of your jobs are worked on, as many as may be at once."
        return Why(code="WAITS_FOR_TENANT_LIMIT", message=text, since=since)
    if names.MEDIA not in around.queues:
        return _no_worker(names.MEDIA, since)
    number = f"It is number {place} of your jobs that wait." if place else "Others come first."
    return Why(code="WAITS_FOR_SLOT", message=f"No worker is free for it. {number}", since=since)


def _not_planned(job: Job, around: Surroundings) -> Why | None:
    if job.plan_due_at and job.plan_due_at > around.now:
        wait_s = (job.plan_due_at - around.now).total_seconds()
        text = f"Its inputs could not be had; they are asked for again in {wait_s:.0f} s."
        return Why(code="RETRY_AT", message=text, since=job.updated_at)
    missing = next((queue for queue in _PLANNERS if queue not in around.queues), None)
    return _no_worker(missing, job.admitted_at or job.queued_at) if missing else None


def _halted(run: Running, step: Step | None, now: datetime, rules: Rules) -> Why | None:
    """Why an attempt does not get on, if it does not."""
    heard_at = run.heartbeat_at or run.started_at
    silent_s = (now - heard_at).total_seconds()
    name = run.worker.partition("@")[0]
    if silent_s > _MISSED * rules.heartbeat_s:
        left_s = max(0.0, rules.stale_s - silent_s)
        text = (
            f"Worker {name}, which runs step {run.step_id}, has been silent for {silent_s:.0f} s;"
            f" the step is taken over in {left_s:.0f} s."
        )
        return Why(code="WORKER_SILENT", message=text, since=heard_at)
    moved_at = max(step.updated_at, run.started_at) if step else run.started_at
    still_s = (now - moved_at).total_seconds()
    if step is None or step.kind != "ffmpeg" or step.percent >= _WRITTEN or still_s < _STILL_S:
        return None
    text = (
        f"Step {run.step_id} on worker {name} has not moved for {still_s:.0f} s;"
        f" an FFmpeg that takes no processor time for {rules.stall_s:.0f} s is stopped."
    )
    return Why(code="FFMPEG_STALLED", message=text, since=moved_at)


def _is_ready(step: Step) -> bool:
    return step.status == StepStatus.QUEUED and step.deps_left == 0


def _waits(step: Step, around: Surroundings) -> Why | None:
    """Why a step that is ready has not begun."""
    if step.not_before and step.not_before > around.now:
        wait_s = (step.not_before - around.now).total_seconds()
        code = step.error["code"] if step.error else "an error"
        text = f"Step {step.step_id} failed ({code}) and is tried again in {wait_s:.0f} s."
        return Why(code="RETRY_AT", message=text, since=step.updated_at)
    queue = names.queue_of(step.kind)
    if queue not in around.queues:
        return _no_worker(queue, step.updated_at)
    # not queued_at, which is that of the last message
    if around.now - step.updated_at < timedelta(seconds=1):
        return None
    text = f"Step {step.step_id} waits for a free place at a worker."
    return Why(code="WAITS_FOR_SLOT", message=text, since=step.updated_at)


def _no_worker(queue: str, since: datetime | None) -> Why:
    text = f"No worker that serves the queue {queue} has reported lately."
    return Why(code="WAITS_FOR_WORKER", message=text, since=since)


def show_running(running: Sequence[Running]) -> Iterator[dict[str, Any]]:
    """Which attempt runs where, since when, and when its worker was heard last."""
    for run in running:
        yield {
            "step_id": run.step_id,
            "attempt": run.attempt,
            "worker_id": run.worker,
            "since": moment(run.started_at),
            "heartbeat_at": moment(run.heartbeat_at),
            "draining": run.is_draining,
        }
