"""Rows as the client sees them. Pure; fields are null when unset, never absent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.services.frontier import longest_ways
from app.services.moments import moment
from app.services.why import Why, show_running
from app.store.models import Job, JobLog, Step, StepAttempt
from app.store.status import JobStatus, StepStatus
from app.store.surroundings import Running

_EMPTY_PROGRESS = {
    "frame": None, "fps": None, "out_time_ms": None, "speed": None,
    "bitrate_bps": None, "total_size_bytes": None,
}  # fmt: skip
# what planning is worth beside the steps, so that a job that is planned has moved
_PLANNED_PERCENT = 1.0
# what a job has done by a fifth foretells the rest better than the estimates do
_TRUST = 5.0


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known of a job beside its rows: why it waits, and what runs of it where."""

    why: Why | None = None
    running: Sequence[Running] = ()


def show_job(
    job: Job,
    steps: Sequence[Step],
    position: int | None = None,
    analysis: dict[str, Any] | None = None,
    situation: Situation | None = None,
) -> dict[str, Any]:
    situation = situation or Situation()
    return {
        "job_id": job.job_id,
        "status": job.status,
        "priority": job.priority,
        "tags": job.tags,
        "created_at": moment(job.created_at),
        "updated_at": moment(max([job.updated_at, *(step.updated_at for step in steps)])),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
        "retry_count": job.retry_count,
        "queue_position": position,
        "progress": show_progress(job, steps),
        "why": situation.why.to_json() if situation.why else None,
        "running": list(show_running(situation.running)),
        "error": job.error,
        "warnings": job.warnings,
        "outputs": [_shown(output) for output in job.outputs],
        "spec": job.spec,
        "plan_id": job.plan_id,
        "analysis": analysis,
    }


def _shown(output: dict[str, Any]) -> dict[str, Any]:
    """An output without what only we need to know of its files."""
    if "files" not in output:
        return output
    known = ("uri", "size_bytes", "md5")
    return {**output, "files": [{name: f[name] for name in known} for f in output["files"]]}


def show_progress(job: Job, steps: Sequence[Step]) -> dict[str, Any]:
    """Percent by weight of the steps, what runs now, and when it may be done."""
    percent = _overall(job, steps)
    running = [step.step_id for step in steps if step.status == StepStatus.RUNNING]
    return {
        "overall_percent": round(percent, 1),
        "current_step": running[0] if running else None,
        "eta_ms": _eta_ms(job, steps),
        "steps": [
            {
                "step_id": step.step_id,
                "status": step.status,
                "percent": round(step.percent, 1),
                **(_EMPTY_PROGRESS | (step.progress or {})),
            }
            for step in steps
        ],
    }


def _overall(job: Job, steps: Sequence[Step]) -> float:
    if job.status == JobStatus.COMPLETED:
        return 100.0
    total = sum(step.weight for step in steps)
    if not total:
        return 0.0
    done = sum(step.weight * step.percent for step in steps) / total
    # the last percent is for publishing
    return min(99.0, _PLANNED_PERCENT + done * (99.0 - _PLANNED_PERCENT) / 100)


def _eta_ms(job: Job, steps: Sequence[Step]) -> int | None:
    """By the estimates, corrected by how well they have foretold this job so far."""
    if job.started_at is None or job.completed_at is not None or not steps:
        return None
    begun = job.started_at

    def cost(step: Step) -> float:
        is_earlier = step.status == StepStatus.COMPLETED and step.updated_at < begun
        return 0 if is_earlier else step.weight  # done before the job was tried again

    whole = max(longest_ways(steps, cost).values())
    left = max(longest_ways(steps, lambda s: cost(s) * (1 - s.percent / 100)).values())
    if not whole:
        return None
    elapsed_ms = (datetime.now(UTC) - begun).total_seconds() * 1000
    done = whole - left
    pace = elapsed_ms / done if done > 0 else 1.0
    trust = min(1.0, done / whole * _TRUST)
    return max(0, round(left * (1 + (pace - 1) * trust)))


def show_steps(steps: Sequence[Step], attempts: Sequence[StepAttempt]) -> list[dict[str, Any]]:
    """Every step with all of its attempts."""
    return [
        {
            "step_id": step.step_id,
            "kind": step.kind,
            "stage": step.stage,
            "status": step.status,
            "nodes": step.nodes,
            "depends_on": step.depends_on,
            "failures": step.failures,
            "attempts": [show_attempt(a) for a in attempts if a.step_id == step.step_id],
        }
        for step in steps
    ]


def show_attempt(attempt: StepAttempt) -> dict[str, Any]:
    return {
        "attempt": attempt.attempt,
        "worker": attempt.worker,
        "status": attempt.status,
        "started_at": moment(attempt.started_at),
        "completed_at": moment(attempt.completed_at),
        "exit_code": attempt.exit_code,
        "signal": attempt.signal,
        "command": attempt.command,
        "argv": attempt.argv,
        "error": attempt.error,
    }


def show_log(line: JobLog) -> dict[str, Any]:
    return {
        "timestamp": moment(line.timestamp),
        "level": line.level,
        "stage": line.stage,
        "message": line.message,
        "step_id": line.step_id,
        "attempt": line.attempt,
    }
