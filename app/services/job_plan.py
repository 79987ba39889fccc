"""Plan a job: validate, probe, plan, and store the steps, once; safe to begin again anywhere."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from threading import Semaphore
from typing import Any

from sqlalchemy.orm import Session

from app import log, settings, tracing
from app.errors import Failure, from_problems
from app.queue import slots
from app.services import job_fail
from app.services.backoff import CLOCK_MARGIN_S, delay_after
from app.services.input_versions import noted, versions
from app.services.job_files import checked
from app.services.media_probe import probe_inputs
from app.services.policy import options_now, policy_for
from app.services.stored_plan import plan_of
from app.store import jobs, steps
from app.store.models import Job
from app.store.session import Unreachable, exclusive, transaction
from app.store.status import UNPLANNED, JobStatus
from operators.problem import Code, Invalid
from planner.make_plan import make_plan
from planner.parse import parse_spec
from planner.plan import Plan, Step
from planner.plan.addresses import Addresses
from planner.uri import is_remote

_LOOK_S = 0.5
_SOON_S = 1.0
_AT_ONCE = 4
"""Jobs of a tenant that are planned at once where that may take long."""
_HERE = Semaphore(12)
_PLANNING_S = 300.0
_BUSY_S = 1.0


class TakesLong(Exception):
    """Planning the job is not done here: it would keep others waiting."""


def plan_soon(job: Job) -> float | None:
    """`plan_job` where many wait. Raises: TakesLong, where it asks other machines or is not done soon."""
    if _needs_network(job):
        raise TakesLong
    return plan_job(job, time.monotonic() + _SOON_S)


def plan_in_turn(job: Job) -> float | None:
    """`plan_job` where things may take long: a tenant's leave room for others."""
    with (
        slots.slot(f"planning:{job.tenant_id}", _AT_ONCE, _PLANNING_S) as is_tenants,
        slots.place(_HERE) as is_ours,
    ):
        return plan_job(job) if is_tenants and is_ours else _BUSY_S


def plan_job(job: Job, until: float = inf) -> float | None:
    """Bring a job from `pending` to `downloading_inputs`, or to `failed`; or the seconds after which
    to try again, where an input could not be had.

    One worker at a time plans a job; who finds it being planned leaves it alone. Whatever a
    planner that was late finds out changes nothing any more. `until`: by the monotonic clock.

    Raises: TakesLong, where that is not enough.
    """
    if job.plan_due_at is not None:
        with transaction() as session:
            if not jobs.may_be_planned_now(session, job.job_id):
                return None  # a message that came too early; another one is on its way
    with exclusive(f"plan {job.job_id}") as is_ours:
        if not is_ours:
            return None
        log.add(request_id=job.request_id)
        with tracing.span("plan job", job.traceparent, job_id=job.job_id):
            return _plan_alone(job, until)


def _needs_network(job: Job) -> bool:
    """Whether planning the job asks other machines for its inputs."""
    return job.plan is None and any(map(is_remote, Addresses.of(job.spec).sources.values()))


def _plan_alone(job: Job, until: float) -> float | None:
    try:
        with transaction() as session:
            _enter(session, job, JobStatus.VALIDATING, "Checking the spec and probing the inputs.")
        plan = plan_of(job) if job.plan else _plan(job, _watch(job, until))
        _store(job, plan)
    except Invalid as invalid:
        _fail(job, from_problems(invalid.problems))
    except NotWanted:
        pass
    except Failure as failure:
        if failure.is_retryable and job.plan_failures + 1 < settings.current().max_failures:
            return _defer(job, failure)
        _fail(job, failure)
    except (*Unreachable, TakesLong):
        raise  # the job stays as it is, and the sweep begins again
    except Exception:
        log.get(__name__).exception("planning met a fault of ours", job_id=job.job_id)
        _fail(job, Failure(code=Code.INTERNAL_ERROR))
    return None


def _defer(job: Job, failure: Failure) -> float | None:
    """Plan later; the seconds until then, or None where the job has ended."""
    delay_s = delay_after(failure, job.plan_failures)
    with transaction() as session:
        if not jobs.defer_planning(session, job.job_id, delay_s):
            return None
        text = f"{failure.code}: {failure.message or failure.meaning.message} Trying again in {delay_s:.0f} s."
        jobs.log(session, job.job_id, "warning", JobStatus.VALIDATING, text)
    return delay_s + CLOCK_MARGIN_S


class NotWanted(Exception):
    """The job ended while it was planned."""


def _watch(job: Job, until: float) -> Callable[[int], None]:
    """To be called while inputs are looked at: ends that when the job has ended, or the time."""
    looked_at = time.monotonic()

    def tick(_: int) -> None:
        nonlocal looked_at
        if time.monotonic() > until:
            raise TakesLong
        if time.monotonic() - looked_at < _LOOK_S:
            return
        looked_at = time.monotonic()
        with transaction() as session:
            found = jobs.get(session, job.job_id)
        if found is None or found.status not in UNPLANNED:
            raise NotWanted

    return tick


def _enter(session: Session, job: Job, status: JobStatus, message: str) -> None:
    if jobs.move(session, job.job_id, status):
        jobs.log(session, job.job_id, "info", status, message)


def _plan(job: Job, tick: Callable[[int], None]) -> Plan:
    parsed = parse_spec(job.spec, policy_for(job.tenant_id))
    known = versions(parsed.spec, settings.current().roots(job.tenant_id))
    plan = make_plan(
        parsed.spec,
        probe_inputs(parsed.spec, job.tenant_id, tick, job.timeout_ms / 1000),
        options_now(job.tenant_id, parsed.spec),
        parsed.warnings,
    )
    return checked(noted(plan, known), Addresses.of(job.spec))


def _store(job: Job, plan: Plan) -> None:
    stored = plan.for_job(job.job_id, datetime.now(UTC)).to_json()
    with transaction() as session:
        _enter(session, job, JobStatus.PLANNING, "Planning.")
        is_new = not steps.are_known(session, job.job_id)  # else it is tried again
        warnings = [warning.to_json() for warning in plan.warnings]
        planned: dict[str, Any] = {"plan": stored, "plan_id": plan.plan_id, "warnings": warnings}
        found = planned if is_new else {}
        is_first = jobs.move(session, job.job_id, JobStatus.DOWNLOADING_INPUTS, **found)
        if not (is_first and is_new):
            return
        steps.add_all(session, job.job_id, _rows(plan))
        text = f"Planned {len(plan.steps)} step(s) as {plan.plan_id}."
        jobs.log(session, job.job_id, "info", JobStatus.PLANNING, text)
        for warning in plan.warnings:
            said = f"{warning.pointer}: {warning.message}"
            jobs.log(session, job.job_id, "warning", JobStatus.PLANNING, said)


def _rows(plan: Plan) -> list[dict[str, Any]]:
    rows = [_row(position, step, plan) for position, step in enumerate(plan.steps)]
    read = {name for row in rows for name in row["reads"]}
    # what is shared by WORK_URI can be read anywhere
    is_bound = not settings.current().work_uri
    return [
        {**row, "is_placed": is_bound and (bool(row["reads"]) or row["step_id"] in read)}
        for row in rows
    ]


def _row(position: int, step: Step, plan: Plan) -> dict[str, Any]:
    return {
        "step_id": step.step_id,
        "position": position,
        "kind": step.kind,
        "stage": step.stage,
        "nodes": list(step.nodes),
        "depends_on": list(step.depends_on),
        "deps_left": len(step.depends_on),
        "reads": plan.reads(step),
        "weight": max(1, step.estimates.wall_ms),
    }


def _fail(job: Job, failure: Failure) -> None:
    with transaction() as session:
        job_fail.fail(session, job.job_id, failure, among=UNPLANNED)
