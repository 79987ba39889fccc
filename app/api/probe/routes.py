"""Route of /v1/probe: what a source holds."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.auth import requires, tenant
from app.api.body import Blueprint
from app.api.plan_schema import MediaInfoSchema
from app.api.schemas import is_text
from app.services import media_probe, turns

probe = Blueprint("probe", __name__, url_prefix="/v1/probe", description="Look into media")


class ProbeRequestSchema(Schema):
    source = fields.Str(
        required=True,
        validate=[validate.Length(1, 8192), is_text],
        metadata={"example": "file:///media/talk.mp4", "description": "As the source of an input"},
    )


@probe.route("", methods=["POST"])
@requires("jobs:write")
@probe.arguments(ProbeRequestSchema)
@probe.response(200, MediaInfoSchema)
def probe_source(asked: dict[str, str]) -> Any:
    """Say what a source holds: container, duration, every stream."""
    with turns.in_turn(tenant()):
        return media_probe.probe_now(asked["source"], tenant()).to_json()
