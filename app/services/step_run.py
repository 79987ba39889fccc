"""The FFmpeg runs of an attempt: its command, its bounds, what it took, why it failed."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app import metrics, settings
from app.engine import process, tools, workspace, writeback
from app.engine.classify import classify
from app.engine.outcome import Bounds, Outcome, Stop
from app.engine.progress import Progress
from app.engine.sandbox import Reach
from app.engine.storage.port import Publication
from app.engine.tools import Tools
from app.errors import Failure
from app.services import fairness, remote, step_command
from app.services.attempt import Attempt
from app.services.cost_learn import usage_of
from app.services.step_command import Command
from app.services.step_lease import Lease, LeaseEnded
from app.store import attempts, parts
from app.store.session import transaction
from operators.problem import Code
from planner.codecs import FASTSTART
from planner.media_types import UNKNOWN
from planner.plan import CommandStep
from planner.uri import is_remote

_STEP_FLOOR_S = 60
_ESTIMATE_FACTOR = 10
_DISK_FACTOR = 1.5


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
    deadline: float
    """When the job's time is over, by the monotonic clock."""
    outcomes: list[Outcome] = field(default_factory=list)
    """Of every FFmpeg that ran: a measuring step may need several."""
    noted: set[str] = field(default_factory=set)
    """Files beside destinations that are on the list of such files."""

    @property
    def progress(self) -> dict[str, Any] | None:
        """How far FFmpeg came in the end; None where none ran."""
        return self.outcomes[-1].progress.to_json() if self.outcomes else None

    def usage(self, output_bytes: int) -> dict[str, Any]:
        """What the attempt took, to be learnt from."""
        took = [outcome.usage for outcome in self.outcomes]
        return usage_of(
            self.attempt.step.work,
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
            attempts.annotate(session, *attempt.key, command=command.shown, argv=list(command.argv))
            for mark in self._marks(command):
                parts.add(session, mark, *attempt.key)
                self.noted.add(mark)
        lease.expected_ms = command.expected_ms
        estimated_ms = attempt.step.estimates.wall_ms
        limit_s = max(_STEP_FLOOR_S, estimated_ms * _ESTIMATE_FACTOR / 1000)
        with writeback.along(_to_be_published(command)) as write:

            def tick(progress: Progress) -> Stop | None:
                write()
                return lease.tick(progress)

            outcome = process.run(
                command.argv,
                cwd=self.folder,
                timeout_s=max(0.1, min(self.seconds_left, limit_s)),
                stall_s=float(settings.current().stall_timeout_s),
                tick=tick,
                bounds=self._bounds(),
                reach=self._reach(command),
            )
        self.outcomes.append(outcome)
        _count(outcome)
        _check(outcome, command, is_job_late=self.seconds_left <= limit_s)
        return command, outcome

    def _marks(self, command: Command) -> list[str]:
        """What will stand beside destinations here: noted with the command, that is a transaction less."""
        return [
            mark
            for output in command.outputs
            if not (output.is_numbered or is_remote(output.destination))
            for mark in self.publication(output.destination).marks
        ]

    def publication(self, uri: str, media_type: str = UNKNOWN) -> Publication:
        """How an output of the attempt will appear. Raises: Failure."""
        key = "-".join(map(str, self.attempt.key))
        return remote.plan_publication(uri, self.attempt.job.tenant_id, key, media_type)

    def _reach(self, command: Command) -> Reach:
        """What the command reads: its inputs, and the files of lists beside it."""
        listed = map(self.locate, self.command_step.listed_inputs)
        return Reach(readable=[*command.reals, *listed], writable=[self.folder])

    def _bounds(self) -> Bounds:
        limits = self.attempt.limits
        # intermediates are lossless, so they may be larger than any output
        has_intermediates = self.command_step.has_intermediates
        return Bounds(
            memory_bytes=limits.max_memory,
            file_bytes=None if has_intermediates else limits.max_output_size,
            nicer=fairness.niceness(self.attempt.beside),
        )

    def tick(self, progress: Progress, percent: float | None) -> None:
        """Bytes have moved. Raises: LeaseEnded; Failure when the job's time is over."""
        if time.monotonic() > self.deadline:
            raise Failure(code=Code.TIMEOUT)
        self.lease.move(progress, percent)

    @property
    def place(self) -> step_command.Place:
        return self._place({})

    def locate(self, input_id: str) -> str:
        return step_command.locate(self.attempt.addresses, input_id, self.place)

    @property
    def command_step(self) -> CommandStep:
        step = self.attempt.step
        assert isinstance(step, CommandStep)
        return step

    def _command(self, measured: Mapping[str, str]) -> Command:
        attempt, place = self.attempt, self._place(measured)
        return step_command.build(
            attempt.plan, self.command_step, attempt.addresses, self.binaries.ffmpeg, place
        )

    def _place(self, measured: Mapping[str, str]) -> step_command.Place:
        job, now = self.attempt.job, settings.current()
        return step_command.Place(
            work_dir=now.work_dir,
            job_id=job.job_id,
            folder=self.folder,
            finished=self.finished.attempts,
            fetched={n: step.step_id for n, step in self.attempt.plan.fetched_by.items()},
            roots=now.roots(job.tenant_id),
            measured={**self.finished.measured, self.attempt.step_id: measured},
        )


def begin(attempt: Attempt, lease: Lease, seconds_left: float) -> Run:
    """An attempt with its folder, empty, and what the steps before it left."""
    now = settings.current()
    return Run(
        attempt=attempt,
        lease=lease,
        seconds_left=seconds_left,
        binaries=tools.find(now),
        folder=workspace.attempt_dir(now.work_dir, *attempt.key),
        finished=_finished(attempt),
        deadline=time.monotonic() + seconds_left,
    )


def _finished(attempt: Attempt) -> Finished:
    if not attempt.step.depends_on:
        return Finished(attempts={}, measured={})
    with transaction() as session:
        job_id = attempt.job.job_id
        return Finished(
            attempts=attempts.numbers_of(session, job_id),
            measured=attempts.results_of(session, job_id),
        )


def check_disk(attempt: Attempt, folder: str) -> None:
    needed = round(attempt.step.estimates.disk_bytes * _DISK_FACTOR)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Failure(
            code=Code.INSUFFICIENT_DISK_SPACE,
            message=f"The step needs about {needed >> 20} MiB in WORK_DIR, but {free >> 20} MiB are free.",
        )


def _to_be_published(command: Command) -> list[str]:
    """What must be on this machine's disk in the end, and is written but once. Pictures are small, and
    what goes elsewhere only passes through."""
    if FASTSTART[-1] in command.planned_argv:  # all of it is moved when it is there
        return []
    return [
        output.work_file
        for output in command.outputs
        if not (output.is_numbered or is_remote(output.destination))
    ]


def _count(outcome: Outcome) -> None:
    how = "completed" if outcome.is_success else outcome.stopped or "failed"
    metrics.ffmpeg_runs.labels(how).inc()
    metrics.ffmpeg_run.observe(outcome.wall_s)
    metrics.ffmpeg_cpu.inc(outcome.usage.cpu_ms / 1000)
    metrics.ffmpeg_media.inc((outcome.progress.out_time_ms or 0) / 1000)


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
    metrics.ffmpeg_errors.labels(failure.code).inc()
    raise failure
