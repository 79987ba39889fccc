"""Publish what an attempt made: staged beside its destination, revealed under the fence, whole or not
at all.
"""

import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app import settings
from app.engine.process import Stop
from app.engine.storage import local
from app.engine.storage.local import Publication
from app.services import step_command
from app.services.attempt import Attempt
from app.services.step_command import OutputFile
from app.services.step_lease import Lease, LeaseEnded
from app.services.step_run import Run
from app.store import jobs, parts, steps
from app.store.session import transaction
from app.store.status import StepStatus
from operators.media import MediaInfo
from operators.problem import Problem


def publish(
    run: Run,
    outputs: Sequence[OutputFile],
    found: Sequence[MediaInfo],
    warnings: Sequence[Problem],
) -> steps.Woken:
    """Stage every file, then reveal all of them under the fence and complete the step."""
    attempt, lease = run.attempt, run.lease
    written = 0
    staged = {
        output.index: [(uri, _stage(attempt, path, uri, lease)) for path, uri in _files(output)]
        for output in outputs
    }
    with transaction() as session:
        hold(session, attempt, [part for parts_ in staged.values() for _, part in parts_])
        for output, info in zip(outputs, found, strict=True):
            for _, publication in staged[output.index]:
                local.reveal(publication)
                parts.forget(session, publication.part)
            entry = _published(staged[output.index], info)
            jobs.set_output(session, attempt.job.job_id, output.index, entry)
            written += entry["size_bytes"]
        for warning in warnings:
            jobs.add_warning(session, attempt.job.job_id, warning.to_json())
        return complete(session, attempt, usage=run.usage(written))


def hold(session: Session, attempt: Attempt, staged: Sequence[Publication] = ()) -> None:
    """Check the fence and keep it until the transaction ends. Raises: LeaseEnded."""
    if steps.lock_if_held(session, *attempt.key):
        return
    for publication in staged:
        local.discard(publication.part)
    pulse = steps.look(session, *attempt.key)
    raise LeaseEnded(Stop.LEASE_LOST if pulse.is_wanted else Stop.CANCELLED)


def _files(output: OutputFile) -> list[tuple[str, str]]:
    """Work files with their destinations, what belongs beside the media included."""
    if output.sidecar is None:
        return output.written()
    path = os.path.join(os.path.dirname(output.work_file), output.sidecar)
    return [*output.written(), (path, step_command.beside(output.destination, "vtt"))]


def _stage(attempt: Attempt, path: str, uri: str, lease: Lease) -> Publication:
    roots = settings.current().roots(attempt.job.tenant_id)
    publication = local.plan_publication(uri, "-".join(map(str, attempt.key)), roots)
    with transaction() as session:
        parts.add(session, publication.part, *attempt.key)
    local.stage(path, publication, lease.check)
    return publication


def complete(session: Session, attempt: Attempt, **found: Any) -> steps.Woken:
    woken = steps.complete(session, *attempt.key)
    steps.close_attempt(session, *attempt.key, StepStatus.COMPLETED, exit_code=0, **found)
    job_id, data = attempt.job.job_id, {**attempt.place, "status": StepStatus.COMPLETED.value}
    jobs.record_event(session, job_id, "step.status", data)
    text = f"Step {attempt.step_id} completed."
    jobs.log(session, job_id, "info", "processing", text, **attempt.place)
    return woken or ()


def _published(staged: Sequence[tuple[str, Publication]], info: MediaInfo) -> dict[str, Any]:
    """The output's entry in the job. Its checksums follow."""
    files = [
        {"uri": uri, "size_bytes": os.path.getsize(publication.path), "md5": None}
        for uri, publication in staged
    ]
    return {
        "status": "completed",
        "size_bytes": sum(file["size_bytes"] for file in files),
        "media_info": info.to_json(),
        "files": files,
    }
