"""How an attempt ends that did not complete: try again, fail the job, stop, or give back.

Each is one transaction that takes the job's lock first, tried again while Postgres is away.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from app import metrics, settings
from app.engine import workspace
from app.engine.outcome import Stop
from app.errors import Failure
from app.queue import send
from app.services import fairness, job_fail
from app.services.attempt import Attempt
from app.services.backoff import CLOCK_MARGIN_S, delay_after
from app.store import attempts, jobs, steps
from app.store.session import Unreachable, after_commit, transaction
from app.store.status import RUNNING, StepStatus
from operators.problem import Code

T = TypeVar("T")

# longer than a restart of Postgres takes; after that the lease expires and the sweep settles it
_patiently = retry(
    retry=retry_if_exception_type(Unreachable),
    stop=stop_after_delay(20),
    wait=wait_exponential(multiplier=0.1, max=2),
    reraise=True,
)


def poison(times: int) -> Failure:
    """A step that ends whoever runs it is not tried again: what comes next would end as well."""
    return Failure(
        code=Code.WORKER_CRASHED,
        message=f"A worker died while it ran the step, {times} times in all.",
        suggestion="The input may crash FFmpeg: send another file, or tell whoever runs the service.",
    )


def settle_failure(attempt: Attempt, failure: Failure) -> float | None:
    """Close the attempt. Seconds until the step is tried again, or None when the job failed."""
    now = settings.current()
    is_last = attempt.failures + 1 >= now.max_failures or failure.code is Code.WORKER_CRASHED
    delay_s = delay_after(failure, attempt.failures)
    may_retry = failure.is_retryable and not is_last

    def settle(session: Session) -> bool:
        if may_retry:
            return _try_again(session, attempt, failure, delay_s)
        return _fail(session, attempt, failure)

    is_ours = _in_live_job(attempt, settle)
    if not attempt.spec.keeps_work_files:
        _remove_files(attempt)
    return delay_s + CLOCK_MARGIN_S if may_retry and is_ours else None


def _try_again(session: Session, attempt: Attempt, failure: Failure, delay_s: float) -> bool:
    error = _close_failed(session, attempt, failure)
    is_ours = steps.hand_back(session, *attempt.key, delay_s=delay_s, is_failure=True, error=error)
    if is_ours:
        after_commit(session, metrics.step_retries.labels(attempt.kind, failure.code).inc)
        text = f"Step {attempt.step_id} failed ({failure.code}), trying again in {delay_s:.0f} s."
        jobs.log(session, attempt.job.job_id, "warning", "processing", text, **attempt.place)
    return is_ours


def _fail(session: Session, attempt: Attempt, failure: Failure) -> bool:
    error = _close_failed(session, attempt, failure)
    is_ours = steps.fail(session, *attempt.key, error)
    if is_ours:
        job_fail.fail(session, attempt.job.job_id, failure, **attempt.place)
    return is_ours


def _close_failed(session: Session, attempt: Attempt, failure: Failure) -> dict[str, Any]:
    job, ffmpeg = attempt.job, failure.ffmpeg
    error = failure.to_json(job_id=job.job_id, request_id=job.request_id, **attempt.place)
    attempts.close(
        session,
        *attempt.key,
        StepStatus.FAILED,
        error=error,
        exit_code=ffmpeg and ffmpeg.exit_code,
        signal=ffmpeg and ffmpeg.signal,
    )
    return error


def settle_stop(attempt: Attempt, stop: Stop) -> None:
    """The job ended, or our lease did: leave no trace but the attempt's row."""
    if stop is Stop.LEASE_LOST:
        give_back_and_send(attempt)  # unless somebody has it already
        return
    _in_live_job(attempt, lambda _: False)
    _remove_files(attempt)


def give_back(attempt: Attempt, delay_s: float = 0) -> float | None:
    """Return the step to the queue at no cost to it; `delay_s` if it was still ours, else None."""

    def back(session: Session) -> bool:
        attempts.close(session, *attempt.key, StepStatus.CANCELLED)
        return steps.hand_back(session, *attempt.key, delay_s=delay_s, is_failure=False)

    is_ours = _in_live_job(attempt, back)
    _remove_files(attempt)
    return delay_s + CLOCK_MARGIN_S if is_ours else None


def give_back_and_send(attempt: Attempt) -> None:
    """The same, at once; the message of this run is gone, so another one is sent."""
    if give_back(attempt) is not None:
        job_id = attempt.job.job_id
        send.enqueue_step(job_id, attempt.step_id, fairness.level_now(job_id), attempt.kind)


@_patiently
def _in_live_job(attempt: Attempt, settle: Callable[[Session], T]) -> T | bool:
    """Settle while the job may run steps; in a job that ended, the step is cancelled instead."""
    with transaction() as session:
        job = steps.lock_job(session, attempt.job.job_id)
        if job is not None and job.status in RUNNING:
            return settle(session)
        steps.cancel_held(session, *attempt.key)
        attempts.close(session, *attempt.key, StepStatus.CANCELLED)
        return False


def _remove_files(attempt: Attempt) -> None:
    workspace.remove_attempt(settings.current().work_dir, *attempt.key)
