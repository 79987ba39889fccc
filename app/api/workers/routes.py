"""Route of /v1/workers: who works, and on what."""

from typing import Any

from marshmallow import Schema, fields

from app.api.auth import requires
from app.api.body import Blueprint
from app.api.schemas import PageSchema
from app.services import worker_view
from app.store.status import WorkerStatus

workers = Blueprint("workers", __name__, url_prefix="/v1/workers", description="Who works")


class WorkSchema(Schema):
    job_id = fields.Str()
    step_id = fields.Str()
    attempt = fields.Int()
    since = fields.Str()


class WorkerSchema(Schema):
    """A process that takes work. One that went is listed for an hour."""

    worker_id = fields.Str()
    hostname = fields.Str()
    status = fields.Str(metadata={"enum": [status.value for status in WorkerStatus]})
    queues = fields.List(fields.Str())
    slots = fields.Int(metadata={"description": "Tasks at once"})
    running = fields.List(fields.Nested(WorkSchema))
    started_at = fields.Str()
    heartbeat_at = fields.Str()
    draining = fields.Bool(metadata={"description": "It ends, and takes nothing more"})
    version = fields.Str()


class WorkerPageSchema(PageSchema):
    data = fields.List(fields.Nested(WorkerSchema))


@workers.route("", methods=["GET"])
@requires("admin")
@workers.response(200, WorkerPageSchema)
def list_workers() -> Any:
    """Workers, what each of them runs, and when it was heard last."""
    return {"data": worker_view.show(), "has_more": False, "next_cursor": None}
