"""The sweep: repair what crashes, lost messages and dead workers left. Small, idempotent parts.

Correct with two sweeps at once, with none for a while, and when it dies in between.
"""

from collections.abc import Callable

from app import log, metrics, settings
from app.engine import workspace
from app.engine.storage import registry
from app.errors import Failure
from app.queue import locks, send
from app.services import fairness, job_fail, work_files
from app.services.cost_learn import learn_costs
from app.services.job_admit import admit as admit_jobs
from app.services.job_admit import refill as refill_queue
from app.services.step_settle import poison
from app.store import attempts, jobs, parts, retention, steps, stranded, webhooks, workers
from app.store.session import transaction
from app.store.status import StepStatus, WorkerStatus
from operators.problem import Code

_BATCH = 200
_LOCK_S = 30


def sweep() -> dict[str, int]:
    """Run every part once; what each did, by name. Nothing when another sweep is at work."""
    with locks.try_lock("sweep", _LOCK_S) as lock:
        if lock is None:
            return {}
        with locks.kept(lock, _LOCK_S):
            done = {part.__name__: _guarded(part) for part in _PARTS}
    metrics.sweeps.inc()
    found = {name: count for name, count in done.items() if count}
    for name, count in found.items():
        metrics.sweep_repairs.labels(name).inc(count)
    if found:
        log.get(__name__).info("sweep repaired", **found)
    return found


def sweep_when_due() -> None:
    """Sweep, unless that was begun a moment ago: of orders that piled up, one is carried out."""
    if locks.is_first_within("sweep", float(settings.current().sweep_s) / 2):
        sweep()


def rescue() -> int:
    """What cannot wait for the next sweep: steps of dead workers. Every worker does this with its
    heartbeat, so that it needs no beat."""
    expire_workers()
    return recover_steps()


def _guarded(part: Callable[[], int]) -> int:
    """One part that fails must not keep the others from their work."""
    try:
        return part()
    except Exception:
        metrics.sweep_faults.labels(part.__name__).inc()
        log.get(__name__).exception("a part of the sweep failed", part=part.__name__)
        return 0


def expire_workers() -> int:
    """Workers that fell silent are offline, and what they ran is up for claiming at once."""
    now = settings.current()
    with transaction() as session:
        lost = workers.mark_stale(session, float(now.stale_s), WorkerStatus.ACTIVE)
        # these had said that they end: nobody is called for them
        ended = workers.mark_stale(session, float(now.stale_s), WorkerStatus.DRAINING)
        for worker_id in (*lost, *ended):
            stranded.expire_leases_of(session, worker_id, float(now.lease_s), float(now.stale_s))
    metrics.workers_lost.inc(len(lost))
    return len(lost) + len(ended)


def recover_steps() -> int:
    """Steps whose lease ran out go back to the queue; those that keep killing workers fail."""
    with transaction() as session:
        found = stranded.stuck(session, _BATCH)
    return sum(_recover(step) for step in found)


def _recover(step: stranded.Stuck) -> bool:
    key = (step.job_id, step.step_id, step.attempt)
    times = step.failures + 1
    is_poison = times >= settings.current().max_failures
    failure = poison(times) if is_poison else Failure(code=Code.WORKER_CRASHED)
    error = failure.to_json(job_id=step.job_id, step_id=step.step_id, attempt=step.attempt)
    with transaction() as session:
        if not stranded.lock_if_stuck(session, step):
            return False
        if not steps.look(session, *key).is_wanted:
            steps.cancel_held(session, *key)
            attempts.close(session, *key, StepStatus.CANCELLED)
            return True
        attempts.close(session, *key, StepStatus.FAILED, error=error)
        if is_poison:
            steps.fail(session, *key, error)
            job_fail.fail(session, step.job_id, failure, step_id=step.step_id, attempt=step.attempt)
        else:
            steps.hand_back(session, *key, is_failure=True, error=error)
            text = f"The worker of step {step.step_id} was lost; the step runs again."
            jobs.log(session, *_line(step, text))
            level = fairness.level_of(session, step.job_id)
    if not is_poison:
        send.enqueue_step(step.job_id, step.step_id, level, step.kind)
    return True


def _line(step: stranded.Stuck, text: str) -> tuple[str, str, str, str, str, int]:
    return step.job_id, "warning", "processing", text, step.step_id, step.attempt


def time_out_jobs() -> int:
    """Jobs past their deadline fail, whether a step runs or not."""
    with transaction() as session:
        late = jobs.past_deadline(session, _BATCH)
    for job_id in late:
        with transaction() as session:
            steps.lock(session, job_id)
            if jobs.past_deadline(session, 1, job_id):  # it may be tried again by now
                job_fail.fail(session, job_id, Failure(code=Code.TIMEOUT))
    return len(late)


def resend_steps() -> int:
    """Queued steps that nobody came for: their message may be lost."""
    patience_s = 2 * float(settings.current().lease_s)
    with transaction() as session:
        found = stranded.overdue(session, patience_s, _BATCH)
        stranded.touch_queued(session, found)
        levels = {step.job_id: fairness.level_of(session, step.job_id) for step in found}
    for step in found:
        send.enqueue_step(step.job_id, step.step_id, levels[step.job_id], step.kind)
    return len(found)


def advance_idle() -> int:
    """Live jobs without a sign of life are advanced: their first message may be lost."""
    with transaction() as session:
        idle = jobs.idle(session, float(settings.current().sweep_s), _BATCH)
    for job_id in idle:
        send.enqueue_advance(job_id)
    return len(idle)


def remove_parts() -> int:
    """Files beside destinations whose attempt is over."""
    with transaction() as session:
        paths = parts.orphans(session, _BATCH, registry.UNCERTAIN)
    for path in paths:
        if _remove_part(path):
            with transaction() as session:
                parts.forget(session, path)
    return len(paths)


def _noted(beginning: str) -> list[str]:
    with transaction() as session:
        return parts.beginning(session, beginning)


def _remove_part(path: str) -> bool:
    """False where another try may do."""
    try:
        registry.discard(path, settings.current().s3_endpoint_url, _noted)
    except (OSError, Failure) as error:
        log.get(__name__).warning("a part cannot be removed", path=path, error=str(error))
        return not (isinstance(error, Failure) and error.is_retryable)
    return True


def remove_work_files() -> int:
    """Work files of finished jobs, of failed ones after a while."""
    now = settings.current()
    workspace.remove_aside(now.work_dir)
    present = workspace.jobs_with_files(now.work_dir)
    with transaction() as session:
        over = jobs.finished_among(session, present, now.retention_work_hours)
    for job_id in over:
        with transaction() as session:
            steps.lock(session, job_id)
            if not jobs.finished_among(session, [job_id], now.retention_work_hours):
                continue  # tried again meanwhile
            aside = workspace.set_aside(now.work_dir, job_id)
        workspace.remove(aside)
    return len(over)


def remove_shared_work() -> int:
    """The same for what is shared by WORK_URI."""
    store, now = work_files.shared(), settings.current()
    if store is None:
        return 0
    with transaction() as session:
        over = jobs.finished_among(session, store.jobs(), now.retention_work_hours)
    for job_id in over:
        with transaction() as session:  # it may be tried again by now
            is_over = bool(jobs.finished_among(session, [job_id], now.retention_work_hours))
        if is_over:
            store.remove(job_id)
    return len(over)


def digest_outputs() -> int:
    """Completed jobs whose checksums were never computed."""
    with transaction() as session:
        missing = jobs.without_md5(session, _BATCH)
    for job_id in missing:
        send.enqueue_digest(job_id)
    return len(missing)


def send_webhooks() -> int:
    """Webhooks whose time has come."""
    with transaction() as session:
        due = webhooks.due(session, _BATCH)
    for delivery_id in due:
        send.enqueue_webhook(delivery_id)
    return len(due)


def remove_old_jobs() -> int:
    """Jobs, and whatever else is kept for a while only."""
    days = settings.current().retention_jobs_days
    if not days:
        return 0
    with transaction() as session:
        count = retention.remove_jobs(session, days, _BATCH)
    with transaction() as session:
        return count + retention.remove_rest(session, days)


_PARTS: tuple[Callable[[], int], ...] = (
    expire_workers,  # first: frees the steps that the next part recovers
    recover_steps,
    time_out_jobs,
    resend_steps,
    refill_queue,
    admit_jobs,
    advance_idle,
    remove_parts,
    remove_work_files,
    remove_shared_work,
    digest_outputs,
    send_webhooks,
    remove_old_jobs,
    learn_costs,
)
