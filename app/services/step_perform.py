"""Do the work of an attempt: run FFmpeg, compare what it wrote with the plan, publish it."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from app import log, settings
from app.engine import probe, process, tools, workspace
from app.engine.classify import classify, damage_of
from app.engine.process import Outcome, Stop
from app.engine.storage import local
from app.engine.storage.local import Publication
from app.engine.tools import Tools
from app.engine.verify import verify
from app.errors import Failure
from app.services import step_command, step_files, step_measure
from app.services.attempt import Attempt
from app.services.cost_learn import usage_of
from app.services.policy import limits_of
from app.services.step_command import Command, OutputFile
from app.services.step_lease import Lease, LeaseEnded
from app.store import jobs, parts, steps
from app.store.session import transaction
from app.store.status import StepStatus
from operators.media import MediaInfo
from operators.problem import Code, Problem

_STEP_FLOOR_S = 60
_ESTIMATE_FACTOR = 10
_DISK_FACTOR = 1.5


def perform(attempt: Attempt, lease: Lease, seconds_left: float) -> tuple[str, ...]:
    """Everything from the claim to the completed step; the steps that wait for it and are queued.

    Raises: Failure, LeaseEnded.
    """
    now = settings.current()
    run = Run(
        attempt=attempt,
        lease=lease,
        seconds_left=seconds_left,
        binaries=tools.find(now),
        folder=workspace.attempt_dir(now.work_dir, *attempt.key),
        finished=_finished(attempt),
    )
    _check_disk(attempt, run.folder)
    step_files.write(attempt.planned["files"], run.folder, run.locate, run.binaries)
    if attempt.planned["measures"]:
        return _complete_measured(run)
    command, outcome = run.ffmpeg({})
    damage = damage_of(outcome)
    found = [_inspect(output, run.binaries, damage) for output in command.outputs]
    is_damaged = damage is not None and damage[0] is Code.INPUT_CORRUPTED
    woken = _publish(run, command.outputs, found, [_damage_warning()] if is_damaged else [])
    log.get(__name__).info("step completed", wall_s=round(outcome.wall_s, 2))
    return woken


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Of the steps before: which attempt succeeded, and what measuring ones found."""

    attempts: Mapping[str, int]
    measured: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that running this attempt's FFmpeg takes."""

    attempt: Attempt
    lease: Lease
    seconds_left: float
    binaries: Tools
    folder: str
    finished: Finished
    outcomes: list[Outcome] = field(default_factory=list)
    """Of every FFmpeg that ran: a measuring step may need several."""

    def usage(self, output_bytes: int) -> dict[str, Any]:
        """What the attempt took, to be learnt from."""
        took = [outcome.usage for outcome in self.outcomes]
        return usage_of(
            self.attempt.planned.get("work", {}),  # a plan of an earlier version has none
            cpu_ms=sum(one.cpu_ms for one in took),
            peak_memory_bytes=max((one.peak_memory_bytes for one in took), default=0),
            output_bytes=output_bytes,
        )

    def ffmpeg(self, measured: Mapping[str, str]) -> tuple[Command, Outcome]:
        """Run the step's command; `measured` is what this step itself has found so far.

        Raises: Failure, LeaseEnded.
        """
        attempt, lease = self.attempt, self.lease
        command = self._command(measured)
        with transaction() as session:
            steps.annotate_attempt(
                session, *attempt.key, command=command.shown, argv=list(command.argv)
            )
        lease.expected_ms = command.expected_ms
        estimated_ms = attempt.planned["estimates"]["wall_ms"]
        limit_s = max(_STEP_FLOOR_S, estimated_ms * _ESTIMATE_FACTOR / 1000)
        outcome = process.run(
            command.argv,
            cwd=self.folder,
            timeout_s=max(0.1, min(self.seconds_left, limit_s)),
            stall_s=float(settings.current().stall_timeout_s),
            tick=lease.tick,
            bounds=self._bounds(command),
        )
        self.outcomes.append(outcome)
        _check(outcome, command, is_job_late=self.seconds_left <= limit_s)
        return command, outcome

    def _bounds(self, command: Command) -> process.Bounds:
        limits = limits_of(self.attempt.job)
        # intermediates are lossless, so they may be larger than any output
        words = pairwise(command.planned_argv)
        is_last = not any(w.startswith("{work}/") and flag != "-i" for flag, w in words)
        file_bytes = limits.max_output_size if is_last else None
        return process.Bounds(memory_bytes=limits.max_memory, file_bytes=file_bytes)

    def locate(self, input_id: str) -> str:
        return step_command.locate(self.attempt.job.spec, input_id, self._place({}))

    def _command(self, measured: Mapping[str, str]) -> Command:
        job = self.attempt.job
        assert job.plan is not None
        place = self._place(measured)
        return step_command.build(
            job.plan, job.spec, self.attempt.step_id, self.binaries.ffmpeg, place
        )

    def _place(self, measured: Mapping[str, str]) -> step_command.Place:
        job, now = self.attempt.job, settings.current()
        return step_command.Place(
            work_dir=now.work_dir,
            job_id=job.job_id,
            folder=self.folder,
            finished=self.finished.attempts,
            roots=now.roots(job.tenant_id),
            measured={**self.finished.measured, self.attempt.step_id: measured},
        )


def _finished(attempt: Attempt) -> Finished:
    with transaction() as session:
        job_id = attempt.job.job_id
        attempts = {step.step_id: step.attempt for step in steps.of_job(session, job_id)}
        rows = steps.attempts_of(session, job_id)
        measured = {row.step_id: row.result for row in rows if row.result is not None}
    return Finished(attempts=attempts, measured=measured)


def _complete_measured(run: Run) -> tuple[str, ...]:
    """Run a measuring step until its values are settled, and hand them on."""
    attempt = run.attempt
    assert attempt.job.plan is not None
    operator = step_measure.operator_of(attempt.job.plan, attempt.planned["measures"])
    found = step_measure.measure(operator, lambda values: run.ffmpeg(values)[1].stderr_tail)
    with transaction() as session:
        _hold(session, attempt)
        if found.warning:
            problem = step_measure.warning(attempt.planned, found.warning)
            jobs.add_warning(session, attempt.job.job_id, problem.to_json())
        return _complete(session, attempt, usage=run.usage(0), result=dict(found.values))


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
    errors = tuple(command.redact(line) for line in outcome.errors)
    failure = classify(replace(outcome, stderr_tail=tail, errors=errors), command.shown)
    if outcome.stopped is Stop.DEADLINE and is_job_late:
        failure.code, failure.message = Code.TIMEOUT, None
    raise failure


def _inspect(output: OutputFile, binaries: Tools, damage: tuple[Code, str] | None) -> MediaInfo:
    """Probe what was written, and compare it with the plan. Raises: Failure."""
    files = [path for path, _ in output.written()]
    if not files or any(os.path.getsize(path) == 0 for path in files):
        empty = Failure(code=Code.OUTPUT_EMPTY, message=f"Output {output.index} was not written.")
        raise _blamed(empty, damage)
    if output.is_numbered and output.planned.duration_is_exact and len(files) != output.images:
        raise Failure(
            code=Code.OUTPUT_INVALID,
            message=f"Output {output.index} has {len(files)} pictures instead of {output.images}.",
        )
    try:
        # pictures of one command are alike; the last was written when all others were
        info = probe.probe(files[-1], binaries)
    except Failure as failure:
        raise Failure(
            code=Code.OUTPUT_INVALID,
            message=f"Output {output.index} cannot be read back: {failure.message}",
        ) from failure
    try:
        verify(output.planned, info)
    except Failure as failure:
        raise _blamed(failure, damage) from failure
    return info


def _blamed(failure: Failure, damage: tuple[Code, str] | None) -> Failure:
    """An output that is not as planned is the input's fault where FFmpeg could not decode that."""
    if damage is None:
        return failure
    return Failure(
        code=damage[0], message=f"{damage[1]} {failure.message or failure.meaning.message}"
    )


def _damage_warning() -> Problem:
    return Problem(
        code=Code.INPUT_CORRUPTED,
        pointer="/inputs",
        message="places of the input are damaged; the output was made from what could be decoded",
        suggestion="Check how the output looks there; send the input again if it was cut off.",
    )


def _publish(
    run: Run,
    outputs: Sequence[OutputFile],
    found: Sequence[MediaInfo],
    warnings: Sequence[Problem],
) -> tuple[str, ...]:
    """Stage every file, then reveal all of them under the fence and complete the step."""
    attempt, lease = run.attempt, run.lease
    written = 0
    staged = {
        output.index: [(uri, _stage(attempt, path, uri, lease)) for path, uri in _files(output)]
        for output in outputs
    }
    with transaction() as session:
        _hold(session, attempt, [part for parts_ in staged.values() for _, part in parts_])
        for output, info in zip(outputs, found, strict=True):
            for _, publication in staged[output.index]:
                local.reveal(publication)
                parts.forget(session, publication.part)
            entry = _published(staged[output.index], info)
            jobs.set_output(session, attempt.job.job_id, output.index, entry)
            written += entry["size_bytes"]
        for warning in warnings:
            jobs.add_warning(session, attempt.job.job_id, warning.to_json())
        return _complete(session, attempt, usage=run.usage(written))


def _hold(session: Session, attempt: Attempt, staged: Sequence[Publication] = ()) -> None:
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


def _complete(session: Session, attempt: Attempt, **found: Any) -> tuple[str, ...]:
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
