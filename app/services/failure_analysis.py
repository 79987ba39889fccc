"""Why a job failed, for a person: the root cause, the step, what was tried when, what to do. Pure."""

from collections.abc import Sequence
from typing import Any

from app.services.moments import moment
from app.store.models import Job, Step, StepAttempt
from app.store.status import JobStatus, StepStatus


def analyse(
    job: Job, steps: Sequence[Step], attempts: Sequence[StepAttempt]
) -> dict[str, Any] | None:
    """`{root_cause, step_id, nodes, attempts, suggestion, timeline}`; None unless the job failed."""
    error = job.error
    if job.status != JobStatus.FAILED or not error:
        return None
    tried = [attempt for attempt in attempts if attempt.step_id == error["step_id"]]
    return {
        "root_cause": {key: error[key] for key in ("code", "message", "category", "retryable")},
        "step_id": error["step_id"],
        "nodes": [n for step in steps if step.step_id == error["step_id"] for n in step.nodes],
        "attempts": len(tried),
        "suggestion": error["suggestion"],
        "documentation": error["documentation"],
        "timeline": _timeline(job, attempts),
    }


def _timeline(job: Job, attempts: Sequence[StepAttempt]) -> list[dict[str, Any]]:
    marks: list[tuple[Any, str, str | None]] = [
        (job.created_at, "job submitted", None),
        (job.started_at, "first step began", None),
        (job.completed_at, "job failed", job.error["code"] if job.error else None),
    ]
    for one in attempts:
        name = f"step {one.step_id}, attempt {one.attempt}"
        code = one.error["code"] if one.error else None
        marks.append((one.started_at, f"{name} began on {one.worker.partition('@')[0]}", None))
        if one.status != StepStatus.RUNNING:
            marks.append((one.completed_at, f"{name} {one.status}", code))
    known = sorted((mark for mark in marks if mark[0]), key=lambda mark: mark[0])
    return [{"at": moment(at), "event": event, "code": code} for at, event, code in known]
