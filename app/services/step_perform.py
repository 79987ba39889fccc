"""Do the work of an attempt: run FFmpeg, compare what it wrote with the plan, publish it."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app import log, settings
from app.engine import probe, process, tools, workspace
from app.engine.classify import classify
from app.engine.process import Outcome, Stop
from app.engine.storage import local
from app.engine.storage.local import Publication
from app.engine.tools import Tools
from app.engine.verify import verify
from app.errors import Failure
from app.services import step_command
from app.services.attempt import Attempt
from app.services.step_command import Command, OutputFile
from app.services.step_lease import Lease, LeaseEnded
from app.store import jobs, parts, steps
from app.store.session import transaction
from app.store.status import StepStatus
from operators.media import MediaInfo
from operators.problem import Code

_STEP_FLOOR_S = 60
_ESTIMATE_FACTOR = 10
_DISK_FACTOR = 1.5


def perform(attempt: Attempt, lease: Lease, seconds_left: float) -> tuple[str, ...]:
    """Everything from the claim to the completed step; the steps that wait for it and are queued.

    Raises: Failure, LeaseEnded.
    """
    now = settings.current()
    binaries = tools.find(now)
    folder = workspace.attempt_dir(now.work_dir, *attempt.key)
    command = _command(attempt, binaries.ffmpeg, folder)
    _check_disk(attempt, folder)
    with transaction() as session:
        steps.annotate_attempt(
            session, *attempt.key, command=command.shown, argv=list(command.argv)
        )
    lease.expected_ms = command.expected_ms
    limit_s = max(_STEP_FLOOR_S, attempt.planned["estimates"]["wall_ms"] * _ESTIMATE_FACTOR / 1000)
    outcome = process.run(
        command.argv,
        cwd=folder,
        timeout_s=max(0.1, min(seconds_left, limit_s)),
        stall_s=float(now.stall_timeout_s),
        tick=lease.tick,
    )
    _check(outcome, command, is_job_late=seconds_left <= limit_s)
    found = [_inspect(output, binaries) for output in command.outputs]
    woken = _publish(attempt, command.outputs, found, lease)
    log.get(__name__).info("step completed", wall_s=round(outcome.wall_s, 2))
    return woken


def _command(attempt: Attempt, ffmpeg: str, folder: str) -> Command:
    job, now = attempt.job, settings.current()
    assert job.plan is not None
    with transaction() as session:
        finished = {step.step_id: step.attempt for step in steps.of_job(session, job.job_id)}
    place = step_command.Place(
        work_dir=now.work_dir,
        job_id=job.job_id,
        folder=folder,
        finished=finished,
        roots=now.roots(job.tenant_id),
    )
    return step_command.build(job.plan, job.spec, attempt.step_id, ffmpeg, place)


def _check_disk(attempt: Attempt, folder: str) -> None:
    needed = round(attempt.planned["estimates"]["disk_bytes"] * _DISK_FACTOR)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Failure(
            code=Code.INSUFFICIENT_DISK_SPACE,
            message=f"The step needs about {needed >> 20} MiB in WORK_DIR, but {free >> 20} MiB are free.",
        )


def _check(outcome: Outcome, command: Command, is_job_late: bool) -> None:
    """Raises: Failure or LeaseEnded unless the run succeeded; paths are shown as tokens."""
    if outcome.is_success:
        return
    if outcome.stopped in (Stop.CANCELLED, Stop.LEASE_LOST):
        raise LeaseEnded(outcome.stopped)
    # paths are shown as tokens, and their words are not taken for FFmpeg's
    tail = tuple(command.redact(line) for line in outcome.stderr_tail)
    failure = classify(replace(outcome, stderr_tail=tail), command.shown)
    if outcome.stopped is Stop.DEADLINE and is_job_late:
        failure.code, failure.message = Code.TIMEOUT, None
    raise failure


def _inspect(output: OutputFile, binaries: Tools) -> MediaInfo:
    """Probe what was written, and compare it with the plan. Raises: Failure."""
    if not os.path.exists(output.work_file) or os.path.getsize(output.work_file) == 0:
        raise Failure(code=Code.OUTPUT_EMPTY, message=f"Output {output.index} was not written.")
    try:
        info = probe.probe(output.work_file, binaries)
    except Failure as failure:
        raise Failure(
            code=Code.OUTPUT_INVALID,
            message=f"Output {output.index} cannot be read back: {failure.message}",
        ) from failure
    verify(output.planned, info)
    return info


def _publish(
    attempt: Attempt, outputs: Sequence[OutputFile], found: Sequence[MediaInfo], lease: Lease
) -> tuple[str, ...]:
    """Stage every output, then reveal all of them under the fence and complete the step."""
    staged = [_stage(attempt, output, lease) for output in outputs]
    with transaction() as session:
        if not steps.lock_if_held(session, *attempt.key):
            for publication in staged:
                local.discard(publication.part)
            pulse = steps.look(session, *attempt.key)
            raise LeaseEnded(Stop.LEASE_LOST if pulse.is_wanted else Stop.CANCELLED)
        for output, info, publication in zip(outputs, found, staged, strict=True):
            local.reveal(publication)
            parts.forget(session, publication.part)
            jobs.set_output(session, attempt.job.job_id, output.index, _published(output, info))
        return _complete(session, attempt)


def _stage(attempt: Attempt, output: OutputFile, lease: Lease) -> Publication:
    roots = settings.current().roots(attempt.job.tenant_id)
    publication = local.plan_publication(output.destination, "-".join(map(str, attempt.key)), roots)
    with transaction() as session:
        parts.add(session, publication.part, *attempt.key)
    local.stage(output.work_file, publication, lease.check)
    return publication


def _complete(session: Session, attempt: Attempt) -> tuple[str, ...]:
    woken = steps.complete(session, *attempt.key)
    steps.close_attempt(session, *attempt.key, StepStatus.COMPLETED, exit_code=0)
    job_id, data = attempt.job.job_id, {**attempt.place, "status": StepStatus.COMPLETED.value}
    jobs.record_event(session, job_id, "step.status", data)
    text = f"Step {attempt.step_id} completed."
    jobs.log(session, job_id, "info", "processing", text, **attempt.place)
    return woken or ()


def _published(output: OutputFile, info: MediaInfo) -> dict[str, Any]:
    """The output's entry in the job. Its checksum follows."""
    file = {"uri": output.destination, "size_bytes": info.size_bytes, "md5": None}
    return {
        "status": "completed",
        "size_bytes": info.size_bytes,
        "media_info": info.to_json(),
        "files": [file],
    }
