"""Advance a job as far as it goes: plan it, find what may run, or finish it. Idempotent.

Called by the first message, by steps after which the job may go on, by chord bodies and by the sweep.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from app import log, settings
from app.engine import workspace
from app.errors import Failure
from app.queue import send
from app.services import job_admit, output_digest, webhook_note
from app.services.frontier import Frontier, find_frontier
from app.services.job_plan import TakesLong, plan_in_turn, plan_soon
from app.store import jobs, shares, steps
from app.store.models import Job, Step
from app.store.session import transaction
from app.store.status import RUNNING, TERMINAL, UNPLANNED, JobStatus, StepStatus
from operators.problem import Code
from planner.accepted import AcceptedSpec


def advance(job_id: str, may_take_long: bool = False) -> Frontier:
    """What must be sent now; the marks are committed before this returns. A job that takes long to
    plan, or asks other machines, is sent to where things may take long."""
    job, frontier, is_completed = _take(job_id)
    log.add(request_id=job and job.request_id)
    if job is not None and _is_to_plan(job):
        try:
            retry_in = plan_in_turn(job) if may_take_long else plan_soon(job)
        except TakesLong:
            send.enqueue_plan(job_id)
            return frontier
        if retry_in is not None:
            return replace(frontier, retry_in=retry_in)
        job, frontier, is_completed = _take(job_id)
        frontier = replace(frontier, failure=_failure_of(job))
    if job is None:
        return frontier
    if is_completed:
        if not AcceptedSpec.of(job.spec).keeps_work_files:
            workspace.remove_job(settings.current().work_dir, job_id)
        if any(map(output_digest.is_due, job.outputs)):
            send.enqueue_digest(job_id)
    if is_completed or job.status in TERMINAL:
        job_admit.admit()  # there is room for another one
    return frontier


def _failure_of(job: Job | None) -> Failure | None:
    """Why the job failed, if it did."""
    if job is None or job.status != JobStatus.FAILED or not job.error:
        return None
    return Failure(code=Code(job.error["code"]), message=job.error["message"])


def _is_to_plan(job: Job) -> bool:
    is_waiting = job.status == JobStatus.PENDING and job.admitted_at is None
    return job.status in UNPLANNED and not is_waiting


def _take(job_id: str) -> tuple[Job | None, Frontier, bool]:
    """The job as it was; what may be sent; whether this completed it."""
    with transaction() as session:
        job = steps.lock_job(session, job_id)
        nothing = Frontier(job_id=job_id)
        if job is None or job.status not in RUNNING:
            return job, nothing, False
        rows = steps.of_job(session, job_id)
        if _move_on(session, job, rows):
            return job, nothing, True
        frontier = find_frontier(job_id, rows)
        if frontier.chains:
            frontier = replace(frontier, outstanding=shares.outstanding(session, job_id))
            steps.queue(session, job_id, frontier.step_ids)
            _announce(session, job_id, frontier)
        return job, frontier, False


def _move_on(session: Session, job: Job, rows: Sequence[Step]) -> bool:
    """Take the job through its phases as its steps allow; True when that completed it."""
    done = {row.step_id for row in rows if row.status == StepStatus.COMPLETED}
    kinds = {kind: [r for r in rows if r.kind == kind] for kind in ("ffmpeg", "transfer")}
    is_fetched = all(row.step_id in done for row in kinds["transfer"] if row.stage == 0)
    if is_fetched and job.status == JobStatus.DOWNLOADING_INPUTS:
        jobs.move(session, job.job_id, JobStatus.PROCESSING)
    if all(row.step_id in done for row in kinds["ffmpeg"]):
        jobs.move(session, job.job_id, JobStatus.UPLOADING_OUTPUTS)
    if len(done) < len(rows):
        return False
    is_completed = jobs.move(session, job.job_id, JobStatus.COMPLETED)
    if is_completed:
        jobs.log(session, job.job_id, "info", JobStatus.COMPLETED, "Job completed.")
        webhook_note.note(session, job.job_id, "job.completed")
    return is_completed


def _announce(session: Session, job_id: str, frontier: Frontier) -> None:
    for step_id in frontier.step_ids:
        data = {"step_id": step_id, "status": StepStatus.QUEUED.value}
        jobs.record_event(session, job_id, "step.status", data)
