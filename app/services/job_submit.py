"""Submit a job: check the spec, store it, then send its first message."""

import re
from typing import Any

import uuid_utils
from sqlalchemy.orm import Session

from app import settings, tracing
from app.errors import Failure
from app.services import job_admit
from app.services.job_view import show_job
from app.services.policy import policy_for
from app.store import admissions, jobs, plans
from app.store.session import transaction
from operators.duration import to_ms
from operators.problem import Code, Invalid, Problem
from planner.parse import Parsed, parse_spec

_FULL_S = 10
_PLAN_ID = re.compile(r"plan_[0-9a-f]{32}", re.ASCII)


def submit(
    document: Any, tenant_id: str, request_id: str | None = None, **once: str
) -> dict[str, Any]:
    """The new job as its client sees it; `once` is what `job_once` keeps of the request.

    Raises: Invalid, with every problem; Failure QUOTA_EXCEEDED. Nothing is stored then.
    """
    stored_plan = _stored_plan(document, tenant_id)
    spec_document = stored_plan.spec if stored_plan else document
    parsed = parse_spec(spec_document, policy_for(tenant_id))
    job_id = "job_" + uuid_utils.uuid7().hex
    with transaction() as session:
        _check_quota(session, tenant_id)
        job = jobs.add(
            session,
            job_id=job_id,
            tenant_id=tenant_id,
            priority=parsed.spec.priority,
            spec=spec_document,
            tags=dict(parsed.spec.tags),
            warnings=[warning.to_json() for warning in parsed.warnings],
            outputs=_planned_outputs(parsed),
            timeout_ms=to_ms(parsed.spec.timeout),
            plan_id=stored_plan and stored_plan.plan_id,
            plan=stored_plan and stored_plan.plan,
            request_id=request_id,
            traceparent=tracing.traceparent(),
            **once,
        )
        jobs.log(session, job_id, "info", "pending", "Job accepted.")
    return show_job(job, [], job_admit.enter(job))


def _check_quota(session: Session, tenant_id: str) -> None:
    """Raises: Failure QUOTA_EXCEEDED where too many of the tenant's jobs wait."""
    most = settings.current().limit_queued_jobs
    if admissions.is_full(session, tenant_id, most):
        text = f"{most} jobs wait already; submit more when some are done."
        raise Failure(code=Code.QUOTA_EXCEEDED, message=text, retry_after=_FULL_S)


def _stored_plan(document: Any, tenant_id: str) -> Any:
    plan_id = document.get("plan_id") if isinstance(document, dict) else None
    if not isinstance(plan_id, str) or len(document) > 1:
        return None
    found = None
    if _PLAN_ID.fullmatch(plan_id):
        with transaction() as session:
            found = plans.get(session, tenant_id, plan_id)
    if found is None:
        raise Invalid(
            [
                Problem(
                    code=Code.INVALID_REFERENCE,
                    pointer="/plan_id",
                    message=f'there is no stored plan "{plan_id[:64]}"',
                    suggestion="POST /v1/plans stores one and returns its plan_id.",
                )
            ]
        )
    return found


def _planned_outputs(parsed: Parsed) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "id": str(output.id),
            "destination": output.destination,
            "status": "pending",
            "size_bytes": None,
            "md5": None,
            "media_info": None,
            "files": [],
        }
        for index, output in enumerate(parsed.spec.outputs)
    ]
