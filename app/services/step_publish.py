"""Publish what an attempt made: staged beside its destination, revealed under the fence, whole or not
at all.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from app.engine.outcome import Stop
from app.engine.progress import Progress
from app.engine.storage.port import Publication
from app.errors import Failure
from app.services import job_files
from app.services.attempt import Attempt
from app.services.step_command import OutputFile
from app.services.step_lease import LeaseEnded
from app.services.step_run import Run
from app.store import attempts, jobs, parts, steps
from app.store.session import be_patient, transaction
from app.store.status import StepStatus
from operators.media import MediaInfo
from operators.problem import Problem
from planner.files import beside
from planner.media_types import WEBVTT, media_type
from planner.uri import is_remote

_REVEAL_S = 120
"""S3 may take a while to put the parts of an object together, and tries three times."""


def publish(
    run: Run,
    outputs: Sequence[OutputFile],
    found: Sequence[MediaInfo],
    warnings: Sequence[Problem] = (),
) -> steps.Completion:
    """Stage every file, then reveal all of them under the fence and complete the step.

    Raises: Failure, LeaseEnded.
    """
    attempt, written = run.attempt, 0
    _check(run)
    staged = {
        output.index: [(uri, _stage(run, path, uri, made)) for path, uri, made in _files(output)]
        for output in outputs
    }
    with transaction() as session:
        if any(is_remote(output.destination) for output in outputs):
            be_patient(session, _REVEAL_S)
        done = complete(session, run, [part for parts_ in staged.values() for _, part in parts_])
        for output, info in zip(outputs, found, strict=True):
            entry = _published(session, staged[output.index], info)
            jobs.set_output(session, attempt.job.job_id, output.index, entry)
            written += entry["size_bytes"]
        for warning in warnings:
            jobs.add_warning(session, attempt.job.job_id, warning.to_json())
        close(session, attempt, usage=run.usage(written))
        return done


def _check(run: Run) -> None:
    """What the disks look like now decides: links may have come since. Raises: Failure."""
    for problem in job_files.problems(run.attempt.addresses, run.attempt.plan):
        raise Failure(code=problem.code, message=problem.message)


def keep_found(job_id: str, pairs: Sequence[tuple[OutputFile, MediaInfo]]) -> None:
    """What outputs were found to be, until they are sent."""
    with transaction() as session:
        for output, info in pairs:
            jobs.set_output(session, job_id, output.index, {"media_info": info.to_json()})


def complete(session: Session, run: Run, staged: Sequence[Publication] = ()) -> steps.Completion:
    """Complete the step, which keeps the fence until the transaction ends. Raises: LeaseEnded."""
    attempt = run.attempt
    done = steps.complete(session, *attempt.key, run.progress)
    if done is not None:
        return done
    for publication in staged:
        with suppress(Failure):  # the sweep removes what cannot be removed now
            publication.discard()
    pulse = steps.look(session, *attempt.key)
    raise LeaseEnded(Stop.LEASE_LOST if pulse.is_wanted else Stop.CANCELLED)


def close(session: Session, attempt: Attempt, **found: Any) -> None:
    """Write down how a completed attempt ended, and tell of it."""
    attempts.close(session, *attempt.key, StepStatus.COMPLETED, exit_code=0, **found)
    job_id, data = attempt.job.job_id, {**attempt.place, "status": StepStatus.COMPLETED.value}
    text = f"Step {attempt.step_id} completed."
    jobs.tell(session, job_id, "step.status", data, "processing", text, **attempt.place)


def _files(output: OutputFile) -> list[tuple[str, str, str]]:
    """Work files with destinations and media types, what belongs beside the media included."""
    made = media_type(output.planned.format, bool(output.planned.video))
    files = [(path, uri, made) for path, uri in output.written()]
    if output.sidecar is None:
        return files
    path = os.path.join(os.path.dirname(output.work_file), output.sidecar)
    return [*files, (path, beside(output.destination, "vtt"), WEBVTT)]


def _stage(run: Run, path: str, uri: str, made: str) -> Publication:
    attempt, size = run.attempt, os.path.getsize(path)
    publication = run.publication(uri, made)
    noted: set[str] = set()

    def note(mark: str) -> None:
        if mark in run.noted:
            return
        with transaction() as session:
            parts.add(session, mark, *attempt.key)
            for old in noted.difference(publication.marks):
                parts.forget(session, old)
        noted.add(mark)

    def tick(sent: int) -> None:
        run.tick(Progress(total_size_bytes=sent), 100 * sent / size if size else None)

    publication.stage(path, note, tick)
    return publication


def _published(
    session: Session, staged: Sequence[tuple[str, Publication]], info: MediaInfo
) -> dict[str, Any]:
    """Reveal an output's files; its entry in the job. Checksums may follow."""
    files = []
    for uri, publication in staged:
        made = publication.reveal()
        entry = {"uri": uri, "size_bytes": made.size_bytes, "md5": made.md5}
        files.append({**entry, "version": made.version} if made.version else entry)
        for mark in publication.marks:
            parts.forget(session, mark)
    return {
        "status": "completed",
        "size_bytes": sum(file["size_bytes"] for file in files),
        "md5": files[0]["md5"] if len(files) == 1 else None,
        "media_info": info.to_json(),
        "files": files,
    }
