"""Execute one step if it is ours: claim, perform, settle. Safe against every repetition."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import log, settings, tracing
from app.engine import workspace
from app.errors import Failure
from app.services import fairness, step_perform, step_settle, webhook_note
from app.services.attempt import Attempt
from app.services.backoff import CLOCK_MARGIN_S
from app.services.step_lease import Lease, LeaseEnded
from app.services.stored_plan import LaterPlan
from app.store import attempts, claims, jobs, places, shares, steps, workers
from app.store.session import Unreachable, transaction
from app.store.status import StepStatus
from operators.problem import Code


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """What the task must do: send the step again in `retry_in` seconds, or to the workers of
    `place`, or back to all; advance the job when it is its turn; wake steps that were queued behind
    this one."""

    retry_in: float | None = None
    failure: Failure | None = None
    """Why this attempt failed; it may be tried again."""
    place: str | None = None
    is_crowded: bool = False
    """Its tenant has its share of this worker: the step is sent again, behind all others."""
    kind: str = "ffmpeg"
    level: int = 0
    is_turn: bool = False
    woken: steps.Woken = ()


def execute(job_id: str, step_id: str, worker: str) -> StepOutcome:
    """Run a step if it is ours to run. Returns at once when it is not."""
    now = settings.current()
    place = workspace.fingerprint(now.work_dir)
    try:
        claimed = _claim(job_id, step_id, worker, place)
        if isinstance(claimed, StepOutcome):
            return claimed
        if claimed is None:
            return _direct(job_id, step_id, place)
    except Unreachable as error:
        log.get(__name__).warning("not claimed, Postgres is away", error=str(error))
        return StepOutcome(retry_in=float(now.retry_base_s))
    attempt, seconds_left = claimed
    log.add(attempt=attempt.number, request_id=attempt.job.request_id)
    with tracing.span(
        "run step", attempt.job.traceparent, kind=attempt.kind, worker=worker, job_id=job_id,
        step_id=step_id, attempt=attempt.number, nodes=list(attempt.nodes),
    ) as span:  # fmt: skip
        outcome = _execute(attempt, seconds_left)
        span.set_attributes({"is_turn": outcome.is_turn})
        return outcome


def _execute(attempt: Attempt, seconds_left: float) -> StepOutcome:
    """Run a claimed step, and settle it however that ends."""
    now = settings.current()
    try:
        if attempt.failures >= now.max_failures:
            raise step_settle.poison(attempt.failures)
        with Lease(
            job_id=attempt.job.job_id, step_id=attempt.step_id, attempt=attempt.number, lease_s=float(now.lease_s),
            tells=attempt.spec.webhook_url is not None,
        ) as lease:  # fmt: skip
            done = step_perform.perform(attempt, lease, seconds_left)
            level = fairness.level_now(attempt.job.job_id) if done.woken else 0
            return StepOutcome(is_turn=done.is_turn, woken=done.woken, level=level)
    except LaterPlan as later:
        log.get(__name__).warning("step left to another worker", error=str(later))
        retry_in = step_settle.give_back(attempt, float(now.retry_base_s))
        return StepOutcome(retry_in=retry_in, kind=attempt.kind)
    except Failure as failure:
        retry_in = step_settle.settle_failure(attempt, failure)
        return _failed(attempt, failure, retry_in)
    except LeaseEnded as ended:
        step_settle.settle_stop(attempt, ended.stop)
        return StepOutcome()
    except Unreachable as error:
        log.get(__name__).warning("step interrupted, Postgres is away", error=str(error))
        return StepOutcome(retry_in=step_settle.give_back(attempt, float(now.retry_base_s)))
    except Exception:
        log.get(__name__).exception("step met a fault of ours")
        fault = Failure(code=Code.INTERNAL_ERROR)
        step_settle.settle_failure(attempt, fault)
        return _failed(attempt, fault, None)
    except BaseException:
        # the worker is told to end: somebody else may begin at once
        step_settle.give_back_and_send(attempt)
        raise


def _failed(attempt: Attempt, failure: Failure, retry_in: float | None) -> StepOutcome:
    return StepOutcome(
        retry_in=retry_in, failure=failure, kind=attempt.kind, is_turn=retry_in is None,
        level=0 if retry_in is None else fairness.level_now(attempt.job.job_id),
    )  # fmt: skip


def _direct(job_id: str, step_id: str, place: str) -> StepOutcome:
    """A step that cannot be claimed here is sent where the files of its job are. Where no worker
    is left who sees them, what wrote them must run again."""
    with transaction() as session:
        steps.lock(session, job_id)
        found = places.elsewhere(session, job_id, step_id, place)
        gone = found - workers.places(session, float(settings.current().stale_s))
        if not gone:
            where = next(iter(found), None)
            kind = steps.kind_of(session, job_id, step_id) if where else "ffmpeg"
            level = fairness.level_of(session, job_id) if where else 0
            return StepOutcome(place=where, kind=kind, level=level)
        lost = places.lose(session, job_id, gone)
        text = f"Work files are out of reach; made again by: {', '.join(lost) or 'nothing yet'}."
        jobs.log(session, job_id, "warning", "processing", text, step_id=step_id)
    return StepOutcome(is_turn=True)


def _not_now(
    session: Session, job_id: str, step_id: str, share: shares.Share
) -> StepOutcome | None:
    """What to do with a step that waits for a worker, but not for us, or not yet."""
    if not share.is_ready:
        return None
    if share.due_in_s:
        # the clock of whoever sent it is behind the one that counts
        return StepOutcome(retry_in=share.due_in_s + CLOCK_MARGIN_S)
    if not fairness.has_share(share.beside):
        return None
    level = fairness.crowded(fairness.level_of(session, job_id))
    kind = steps.kind_of(session, job_id, step_id)
    return StepOutcome(is_crowded=True, kind=kind, level=level)


def _claim(
    job_id: str, step_id: str, worker: str, place: str
) -> tuple[Attempt, float] | StepOutcome | None:
    """The attempt that is ours now, and the seconds that its job has left; or what to do instead."""
    with transaction() as session:
        if settings.current().worker_share:
            shares.lock_worker(session, worker)
        share = shares.at_worker(session, job_id, step_id, worker)
        if (instead := _not_now(session, job_id, step_id, share)) is not None:
            return instead
        lease_s = float(settings.current().lease_s)
        claim = claims.claim(session, job_id, step_id, worker, lease_s, place)
        if claim is None:
            return None
        if claim.lost is not None:
            lost = Failure(code=Code.WORKER_CRASHED)
            error = lost.to_json(job_id=job_id, step_id=step_id, attempt=claim.lost)
            attempts.close(session, job_id, step_id, claim.lost, StepStatus.FAILED, error=error)
        data = {"step_id": step_id, "status": StepStatus.RUNNING.value, "attempt": claim.attempt}
        jobs.record_event(session, job_id, "step.status", data)
        name = worker.partition("@")[0]
        text = f"Step {step_id} begins on worker {name}, attempt {claim.attempt}."
        jobs.log(
            session, job_id, "info", "processing", text, step_id=step_id, attempt=claim.attempt
        )
        if claim.is_first:
            webhook_note.note(session, job_id, "job.started")
    attempt = Attempt(
        job=claim.job,
        step_id=step_id,
        kind=claim.kind,
        nodes=claim.nodes,
        number=claim.attempt,
        failures=claim.failures,
        beside=share.beside,
    )
    return attempt, claim.seconds_left
