"""Jobs with steps, put into the database as planning would have."""

import uuid
from datetime import UTC, datetime
from typing import Any

from app.store import claims, jobs, steps
from app.store.models import Step
from app.store.session import transaction
from app.store.status import JobStatus

_TO_PROCESSING = (
    JobStatus.VALIDATING,
    JobStatus.PLANNING,
    JobStatus.DOWNLOADING_INPUTS,
    JobStatus.PROCESSING,
)


def add_job(
    tenant: str = "default",
    timeout_ms: int = 60_000,
    tags: dict[str, str] | None = None,
    is_admitted: bool = True,
    **spec: Any,
) -> str:
    """A pending job; `spec` as far as it matters."""
    job_id = "job_" + uuid.uuid4().hex
    with transaction() as session:
        jobs.add(
            session, job_id=job_id, tenant_id=tenant, priority=5, spec=spec, tags=tags or {},
            outputs=[{"index": 0, "md5": None, "destination": "x"}], timeout_ms=timeout_ms,
            admitted_at=datetime.now(UTC) if is_admitted else None,
        )  # fmt: skip
    return job_id


def add_processing_job(tenant: str = "default", **needs: str) -> str:
    """A job that processes; `s2="s1"`: step s2 waits for s1."""
    job_id = add_job(tenant)
    with transaction() as session:
        for status in _TO_PROCESSING:
            assert jobs.move(session, job_id, status)
        steps.add_all(
            session,
            job_id,
            [_row(n, name, text.split()) for n, (name, text) in enumerate(needs.items())],
        )
    return job_id


def _row(position: int, step_id: str, depends_on: list[str]) -> dict[str, Any]:
    return {
        "step_id": step_id, "position": position, "kind": "ffmpeg", "stage": 0, "nodes": [],
        "depends_on": depends_on, "deps_left": len(depends_on), "weight": 1,
    }  # fmt: skip


def let_read(job_id: str, step_id: str, *others: str) -> None:
    """The step reads work files of others."""
    with transaction() as session:
        session.get_one(Step, (job_id, step_id)).reads = list(others)
        for name in (step_id, *others):
            session.get_one(Step, (job_id, name)).is_placed = True


def queue_all(job_id: str) -> None:
    with transaction() as session:
        steps.queue(session, job_id, [step.step_id for step in steps.of_job(session, job_id)])


def claim(
    job_id: str, step_id: str, lease_s: float = 30, worker: str = "w", place: str = "here"
) -> claims.Claim | None:
    with transaction() as session:
        return claims.claim(session, job_id, step_id, worker, lease_s, place)


def statuses(job_id: str) -> dict[str, str]:
    with transaction() as session:
        return {step.step_id: step.status for step in steps.of_job(session, job_id)}
