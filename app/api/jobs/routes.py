"""Routes of /v1/jobs: declare, then call a service."""

from datetime import datetime
from typing import Any

from flask import Response, g, jsonify, request, url_for

from app.api.auth import requires, still_allowed, tenant
from app.api.body import Blueprint, read_json
from app.api.jobs.schemas import (
    IDEMPOTENCY_KEY,
    LAST_EVENT_ID,
    EventSchema,
    JobChangeSchema,
    JobFieldsSchema,
    JobPageSchema,
    JobQuerySchema,
    JobSchema,
    LogPageSchema,
    LogQuerySchema,
    StepPageSchema,
)
from app.api.jobs.stream import last_event_id, stream
from app.api.paging import decode, show_page
from app.api.plan_schema import PlanSchema
from app.api.spec_schema import request_body
from app.services import (
    job_bundle,
    job_cancel,
    job_events,
    job_once,
    job_priority,
    job_read,
    job_retry,
    job_submit,
)
from app.services.job_read import Filter

jobs = Blueprint("jobs", __name__, url_prefix="/v1/jobs", description="Submit, watch, cancel jobs")


@jobs.route("", methods=["POST"])
@requires("jobs:write")
@jobs.doc(requestBody=request_body(), parameters=[IDEMPOTENCY_KEY])
@jobs.response(201, JobSchema)
@jobs.alt_response(200, schema=JobSchema, description="The job of the same Idempotency-Key")
def submit_job() -> Any:
    """Submit a job. All problems of the spec are reported at once."""
    key, body = request.headers.get("Idempotency-Key"), read_json()
    if key is None:
        job, is_new = job_submit.submit(body, tenant(), g.request_id), True
    else:
        job, is_new = job_once.submit_once(body, tenant(), g.request_id, key)
    return job, 201 if is_new else 200, {"Location": url_for("jobs.get_job", job_id=job["job_id"])}


@jobs.route("", methods=["GET"])
@requires("jobs:read")
@jobs.arguments(JobQuerySchema, location="query")
@jobs.response(200, JobPageSchema)
def list_jobs(query: dict[str, Any]) -> Any:
    """List jobs, the newest first."""
    which = Filter(
        statuses=query.get("status", ()),
        tags=query.get("tag", ()),
        created_after=query.get("created_after"),
        created_before=query.get("created_before"),
    )
    cursor = query.get("cursor")
    before = decode(cursor, datetime.fromisoformat, job_read.as_job_id) if cursor else None
    return show_page(job_read.page(tenant(), which, before, query["limit"]))


@jobs.route("/<job_id>", methods=["GET"])
@requires("jobs:read")
@jobs.arguments(JobFieldsSchema, location="query")
@jobs.response(200, JobSchema)
@jobs.alt_response(304, description="As it was when it had the ETag in If-None-Match")
def get_job(query: dict[str, Any], job_id: str) -> Any:
    """One job: status, progress, outputs, error."""
    job = job_read.get(job_id, tenant())
    shown = {name: job[name] for name in query["chosen"] or job}
    answer = jsonify(shown)
    answer.add_etag(weak=True)  # compressed or not, it is the same job
    return answer.make_conditional(request)


@jobs.route("/<job_id>", methods=["PATCH"])
@requires("jobs:write")
@jobs.arguments(JobChangeSchema)
@jobs.response(200, JobSchema)
def change_job(change: dict[str, Any], job_id: str) -> Any:
    """Change a job's priority while it has not ended."""
    return job_priority.change(job_id, tenant(), change["priority"])


@jobs.route("/<job_id>/retry", methods=["POST"])
@requires("jobs:write")
@jobs.response(202, JobSchema)
def retry_job(job_id: str) -> Any:
    """Try a failed job again: only what did not finish is done anew."""
    return job_retry.retry(job_id, tenant())


@jobs.route("/<job_id>", methods=["DELETE"])
@requires("jobs:write")
@jobs.response(200, JobSchema)
def cancel_job(job_id: str) -> Any:
    """Cancel a job; what runs of it is stopped within two seconds."""
    return job_cancel.cancel(job_id, tenant())


@jobs.route("/<job_id>/logs", methods=["GET"])
@requires("jobs:read")
@jobs.arguments(LogQuerySchema, location="query")
@jobs.response(200, LogPageSchema)
def list_job_logs(query: dict[str, Any], job_id: str) -> Any:
    """What happened, in words, oldest first."""
    after = decode(query["cursor"], int)[0] if "cursor" in query else 0
    stage, level = query.get("stage"), query.get("level")
    return show_page(job_read.logs(job_id, tenant(), stage, level, after, query["limit"]))


@jobs.route("/<job_id>/plan", methods=["GET"])
@requires("jobs:read")
@jobs.response(200, PlanSchema)
def get_job_plan(job_id: str) -> Any:
    """The plan: nodes, steps, exact commands."""
    return job_read.plan(job_id, tenant())


@jobs.route("/<job_id>/steps", methods=["GET"])
@requires("jobs:read")
@jobs.response(200, StepPageSchema)
def list_job_steps(job_id: str) -> Any:
    """Every step with all of its attempts."""
    return show_page(job_read.steps_of(job_id, tenant()))


@jobs.route("/<job_id>/bundle", methods=["GET"])
@requires("jobs:read")
@jobs.response(200, content_type="application/zip")
def get_job_bundle(job_id: str) -> Response:
    """A zip with spec, plan, probes, a runnable script, versions and logs; no secrets."""
    name = f'attachment; filename="{job_id[:64]}.zip"'
    body = job_bundle.bundle(job_id, tenant())
    return Response(body, mimetype="application/zip", headers={"Content-Disposition": name})


@jobs.route("/<job_id>/events", methods=["GET"])
@requires("jobs:read")
@jobs.doc(parameters=[LAST_EVENT_ID])
@jobs.response(200, EventSchema, content_type="text/event-stream")
@jobs.alt_response(204, description="The job has ended, and there are no more events")
def stream_job_events(job_id: str) -> Response:
    """Server-sent events until the job has ended; `Last-Event-ID` goes on from there."""
    found = job_events.listen(job_id, tenant(), last_event_id(), still_allowed("jobs:read"))
    return stream(found)
