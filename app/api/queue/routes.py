"""Routes of /v1/queue: what waits, pause and resume."""

from typing import Any

from marshmallow import Schema, fields

from app.api.auth import requires
from app.api.body import Blueprint
from app.services import job_admit

queue = Blueprint("queue", __name__, url_prefix="/v1/queue", description="Jobs that wait")


class TenantQueueSchema(Schema):
    tenant = fields.Str()
    depth = fields.Int(metadata={"description": "Jobs that wait"})
    running = fields.Int(metadata={"description": "Jobs that are worked on"})
    next = fields.List(fields.Str(), metadata={"description": "Ids of the next ten"})


class QueueSchema(Schema):
    paused = fields.Bool()
    depth = fields.Int()
    running = fields.Int()
    tenants = fields.List(fields.Nested(TenantQueueSchema))


@queue.route("", methods=["GET"])
@requires("admin")
@queue.response(200, QueueSchema)
def get_queue() -> Any:
    """Depth and heads of every tenant's queue, and whether it is paused."""
    return job_admit.show()


@queue.route("/pause", methods=["POST"])
@requires("admin")
@queue.response(200, QueueSchema)
def pause_queue() -> Any:
    """Admit no more jobs; what is admitted goes on."""
    return job_admit.set_paused(True)


@queue.route("/resume", methods=["POST"])
@requires("admin")
@queue.response(200, QueueSchema)
def resume_queue() -> Any:
    """Admit jobs again."""
    return job_admit.set_paused(False)
