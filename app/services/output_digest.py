"""Checksums of large published outputs, computed after the job is done so that nobody waits for them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from app import settings
from app.engine.storage import local
from app.errors import Failure
from app.queue import slots
from app.store import jobs
from app.store.models import Job
from app.store.session import transaction
from app.store.status import JobStatus

_LONGEST_S = 600.0
_BUSY_S = 1.0
_KEEP_S = 5
"""Sums of large files are kept as they are found: a worker may end before the last."""


def is_due(output: Mapping[str, Any]) -> bool:
    """Whether an entry of a job's `outputs` lacks the checksum of a file."""
    return any(file["md5"] is None for file in output.get("files", ()))


def digest(job_id: str) -> float | None:
    """Fill in `md5` of every file that lacks it. A file that is gone by now, or another, keeps null.
    Seconds after which to try again, where its tenant has another one under way."""
    with transaction() as session:
        job = jobs.get(session, job_id)
    if job is None or job.status != JobStatus.COMPLETED:
        return None
    with slots.slot(f"digests:{job.tenant_id}", 1, _LONGEST_S) as is_ours:
        if not is_ours:
            return _BUSY_S
        _digest(job)
    return None


def _digest(job: Job) -> None:
    roots = settings.current().roots(job.tenant_id)
    found: dict[int, dict[str, Any]] = {}
    kept_at = time.monotonic()
    for output in job.outputs:
        if is_due(output):
            found[output["index"]] = _sums(output["files"], roots)
        if time.monotonic() - kept_at > _KEEP_S:
            _keep(job.job_id, found)
            kept_at, found = time.monotonic(), {}
    _keep(job.job_id, found)


def _sums(files: Sequence[Mapping[str, Any]], roots: Sequence[str]) -> dict[str, Any]:
    """What an output's files add to its entry."""
    summed = [{**file, "md5": file["md5"] or _sum(file, roots)} for file in files]
    # an output of several files has no checksum of its own; each file has
    return {"md5": summed[0]["md5"] if len(summed) == 1 else None, "files": summed}


def _sum(file: Mapping[str, Any], roots: Sequence[str]) -> str | None:
    """Of the file that was published; None where somebody has written another one since."""
    try:
        path = local.locate_source(file["uri"], roots)
        found = local.md5(path) if _is_ours(file, path) else None
        return found if _is_ours(file, path) else None
    except (Failure, OSError):
        return None


def _is_ours(file: Mapping[str, Any], path: str) -> bool:
    return file.get("version") in (None, local.version_of(path))


def _keep(job_id: str, found: Mapping[int, dict[str, Any]]) -> None:
    if not found:
        return
    with transaction() as session:
        for index, changes in found.items():
            jobs.set_output(session, job_id, index, changes)
