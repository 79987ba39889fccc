"""Execute one step: claim, run FFmpeg, verify, publish, settle. Safe against every repetition."""

import math
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import log, settings
from app.engine import probe, process, tools, workspace
from app.engine.classify import classify
from app.engine.process import Outcome, Stop
from app.engine.storage import local
from app.engine.storage.local import Publication
from app.engine.verify import verify
from app.errors import Failure, FFmpegDetails
from app.queue import send
from app.services import job_fail, step_command
from app.services.step_command import Command, OutputFile
from app.services.step_lease import Lease, LeaseEnded
from app.store import jobs, parts, steps
from app.store.models import Job
from app.store.session import transaction
from app.store.status import StepStatus
from operators.media import MediaInfo
from operators.problem import Code

_STEP_FLOOR_S = 60
_ESTIMATE_FACTOR = 10
_DISK_FACTOR = 1.5
# Celery's countdown and Postgres' clock differ a little; a message must not come too early
_CLOCK_MARGIN_S = 0.5


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """What the task must do: `retry_in` seconds from now, or `advance` the job, or nothing."""

    retry_in: float | None = None
    is_settled: bool = False


def execute(job_id: str, step_id: str, worker: str) -> StepOutcome:
    """Run a step if it is ours to run. Returns at once when it is not."""
    lease_s = float(settings.current().lease_s)
    with transaction() as session:
        claim = steps.claim(session, job_id, step_id, worker, lease_s)
        if claim is None:
            return StepOutcome()
        _close_lost(session, job_id, step_id, claim)
        job = jobs.get(session, job_id)
        data = {"step_id": step_id, "status": StepStatus.RUNNING.value, "attempt": claim.attempt}
        jobs.record_event(session, job_id, "step.status", data)
    assert job is not None
    attempt = _Attempt(job=job, step_id=step_id, number=claim.attempt, failures=claim.failures)
    seconds_left = (claim.deadline_at - claim.now).total_seconds()
    try:
        if claim.failures >= settings.current().max_failures:
            raise Failure(code=Code.WORKER_CRASHED)
        return attempt.perform(seconds_left, lease_s)
    except Failure as failure:
        return attempt.settle_failure(failure)
    except LeaseEnded as ended:
        return attempt.settle_stop(ended.stop)
    except Exception:
        log.get(__name__).exception("step met a fault of ours", job_id=job_id, step_id=step_id)
        return attempt.settle_failure(Failure(code=Code.INTERNAL_ERROR))
    except BaseException:
        # the worker is told to end: give the step back, at no cost to it
        attempt.give_back()
        raise


def _close_lost(session: Any, job_id: str, step_id: str, claim: steps.Claim) -> None:
    if claim.lost is not None:
        error = Failure(code=Code.WORKER_CRASHED, message="The worker was lost.").to_json(
            job_id=job_id, step_id=step_id, attempt=claim.lost
        )
        steps.close_attempt(session, job_id, step_id, claim.lost, StepStatus.FAILED, error=error)


@dataclass(kw_only=True)
class _Attempt:
    """One execution of a step, from the claim to its settlement."""

    job: Job
    step_id: str
    number: int
    failures: int

    @property
    def key(self) -> tuple[str, str, int]:
        return self.job.job_id, self.step_id, self.number

    def perform(self, seconds_left: float, lease_s: float) -> StepOutcome:
        now = settings.current()
        binaries = tools.find(now)
        folder = workspace.attempt_dir(now.work_dir, *self.key)
        command = self._command(binaries.ffmpeg, folder)
        self._check_disk(folder)
        with transaction() as session:
            steps.annotate_attempt(
                session, *self.key, command=command.shown, argv=list(command.argv)
            )
        lease = Lease(
            job_id=self.job.job_id, step_id=self.step_id, attempt=self.number,
            lease_s=lease_s, expected_ms=command.expected_ms,
        )  # fmt: skip
        step_limit_s = max(
            _STEP_FLOOR_S, self._planned()["estimates"]["wall_ms"] * _ESTIMATE_FACTOR / 1000
        )
        outcome = process.run(
            command.argv,
            cwd=folder,
            timeout_s=max(0.1, min(seconds_left, step_limit_s)),
            stall_s=float(now.stall_timeout_s),
            tick=lease.tick,
        )
        self._check(outcome, command, is_job_late=seconds_left <= step_limit_s)
        found = [self._inspect(output, binaries) for output in command.outputs]
        published = self._publish(command.outputs, found, lease)
        if published:
            log.get(__name__).info(
                "step completed", step_id=self.step_id, wall_s=round(outcome.wall_s, 2)
            )
        return StepOutcome(is_settled=published)

    def _planned(self) -> dict[str, Any]:
        assert self.job.plan is not None
        found: dict[str, Any] = next(
            s for s in self.job.plan["steps"] if s["step_id"] == self.step_id
        )
        return found

    def _command(self, ffmpeg: str, folder: str) -> Command:
        assert self.job.plan is not None
        with transaction() as session:
            finished = {
                step.step_id: step.attempt for step in steps.of_job(session, self.job.job_id)
            }
        place = step_command.Place(
            work_dir=settings.current().work_dir,
            job_id=self.job.job_id,
            folder=folder,
            finished=finished,
            roots=settings.current().roots(self.job.tenant_id),
        )
        return step_command.build(self.job.plan, self.job.spec, self.step_id, ffmpeg, place)

    def _check_disk(self, folder: str) -> None:
        needed = round(self._planned()["estimates"]["disk_bytes"] * _DISK_FACTOR)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise Failure(
                code=Code.INSUFFICIENT_DISK_SPACE,
                message=f"The step needs about {needed >> 20} MiB in WORK_DIR, but {free >> 20} MiB are free.",
            )

    def _check(self, outcome: Outcome, command: Command, is_job_late: bool) -> None:
        if outcome.is_success:
            return
        if outcome.stopped in (Stop.CANCELLED, Stop.LEASE_LOST):
            raise LeaseEnded(outcome.stopped)
        failure = classify(outcome, command.shown)
        if outcome.stopped is Stop.DEADLINE and is_job_late:
            failure.code, failure.message = Code.TIMEOUT, None
        if failure.ffmpeg:
            tail = tuple(command.redact(line) for line in failure.ffmpeg.stderr_tail)
            failure.ffmpeg = FFmpegDetails(
                exit_code=outcome.exit_code,
                signal=outcome.signal,
                command=command.shown,
                stderr_tail=tail,
            )
        failure.message = command.redact(failure.message) if failure.message else None
        raise failure

    def _inspect(self, output: OutputFile, binaries: tools.Tools) -> MediaInfo:
        """Probe what was written, and compare it with the plan."""
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
        self, outputs: Sequence[OutputFile], found: Sequence[MediaInfo], lease: Lease
    ) -> bool:
        """Stage every output, then reveal all of them under the fence and complete the step."""
        roots = settings.current().roots(self.job.tenant_id)
        staged: list[Publication] = []
        for output in outputs:
            publication = local.plan_publication(output.destination, self.number, roots)
            with transaction() as session:
                parts.add(session, publication.part, *self.key)
            local.stage(output.work_file, publication, lease.check)
            staged.append(publication)
        with transaction() as session:
            if not steps.lock_if_held(session, *self.key):
                for publication in staged:
                    local.discard(publication.part)
                raise LeaseEnded(Stop.LEASE_LOST)
            for output, info, publication in zip(outputs, found, staged, strict=True):
                local.reveal(publication)
                parts.forget(session, publication.part)
                jobs.set_output(session, self.job.job_id, output.index, _published(output, info))
            self._complete(session)
        return True

    def _complete(self, session: Any) -> None:
        steps.complete(session, *self.key)
        steps.close_attempt(session, *self.key, StepStatus.COMPLETED, exit_code=0)
        data = {
            "step_id": self.step_id,
            "status": StepStatus.COMPLETED.value,
            "attempt": self.number,
        }
        jobs.record_event(session, self.job.job_id, "step.status", data)
        jobs.log(
            session, self.job.job_id, "info", "processing", f"Step {self.step_id} completed.",
            self.step_id, self.number,
        )  # fmt: skip

    def settle_failure(self, failure: Failure) -> StepOutcome:
        """Close the attempt; try again if the code says so and the limit allows, else fail the job."""
        now = settings.current()
        place: dict[str, Any] = {"step_id": self.step_id, "attempt": self.number}
        error = failure.to_json(job_id=self.job.job_id, request_id=self.job.request_id, **place)
        ffmpeg = failure.ffmpeg
        may_retry = failure.is_retryable and self.failures + 1 < now.max_failures
        is_poison = failure.code is Code.WORKER_CRASHED
        delay_s = retry_delay(self.failures, float(now.retry_base_s), float(now.retry_max_s))
        with transaction() as session:
            steps.close_attempt(
                session, *self.key, StepStatus.FAILED, error=error,
                exit_code=ffmpeg and ffmpeg.exit_code, signal=ffmpeg and ffmpeg.signal,
            )  # fmt: skip
            if may_retry and not is_poison:
                is_ours = steps.hand_back(
                    session, *self.key, delay_s=delay_s, is_failure=True, error=error
                )
                if is_ours:
                    text = f"Step {self.step_id} failed ({failure.code}), trying again in {delay_s:.0f} s."
                    jobs.log(session, self.job.job_id, "warning", "processing", text, **place)
            else:
                is_ours = steps.fail(session, *self.key, error)
                if is_ours:
                    job_fail.fail(session, self.job.job_id, failure, **place)
        if not self.job.spec.get("debug"):
            workspace.remove_attempt(now.work_dir, *self.key)
        if may_retry and not is_poison and is_ours:
            return StepOutcome(retry_in=delay_s + _CLOCK_MARGIN_S)
        return StepOutcome(is_settled=True)

    def settle_stop(self, stop: Stop) -> StepOutcome:
        """The job ended, or somebody else has the step: leave no trace but the attempt's row."""
        with transaction() as session:
            steps.cancel_held(session, *self.key)
            steps.close_attempt(session, *self.key, StepStatus.CANCELLED)
        workspace.remove_attempt(settings.current().work_dir, *self.key)
        return StepOutcome()

    def give_back(self) -> None:
        """Return the step to the queue because this worker ends; costs the step nothing."""
        with transaction() as session:
            is_ours = steps.hand_back(session, *self.key, is_failure=False)
            steps.close_attempt(session, *self.key, StepStatus.CANCELLED)
        workspace.remove_attempt(settings.current().work_dir, *self.key)
        if is_ours:  # somebody else may begin at once
            send.enqueue_step(self.job.job_id, self.step_id, self.job.priority)


def _published(output: OutputFile, info: MediaInfo) -> dict[str, Any]:
    """The output's entry in the job. Its checksum follows."""
    file = {"uri": output.destination, "size_bytes": info.size_bytes, "md5": None}
    return {
        "status": "completed",
        "size_bytes": info.size_bytes,
        "media_info": info.to_json(),
        "files": [file],
    }


def retry_delay(failures: int, base_s: float, most_s: float) -> float:
    """Exponential backoff with jitter: `base × 2^failures` at most `most`, a tenth up or down."""
    return min(most_s, base_s * math.pow(2, failures)) * random.uniform(0.9, 1.1)
