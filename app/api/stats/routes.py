"""Routes of /v1/stats: what operators count."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.auth import requires
from app.api.body import Blueprint
from app.api.paging import show_page
from app.api.schemas import Moment, PageSchema
from app.services import error_stats

stats = Blueprint("stats", __name__, url_prefix="/v1/stats", description="Counts for operators")


class ErrorStatsQuerySchema(Schema):
    period = fields.Str(
        load_default="day",
        validate=validate.OneOf(["hour", "day"]),
        metadata={"description": "How long a period is"},
    )
    since = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "RFC 3339; a day ago for hours, 30 days ago for days"},
    )


class ErrorCountSchema(Schema):
    period_start = fields.Str()
    code = fields.Str()
    category = fields.Str(allow_none=True)
    jobs = fields.Int(metadata={"description": "Jobs that failed with it"})
    attempts = fields.Int(metadata={"description": "Attempts that did; most were tried again"})


class ErrorCountPageSchema(PageSchema):
    data = fields.List(fields.Nested(ErrorCountSchema))


@stats.route("/errors", methods=["GET"])
@requires("admin")
@stats.arguments(ErrorStatsQuerySchema, location="query")
@stats.response(200, ErrorCountPageSchema)
def count_errors(query: dict[str, Any]) -> Any:
    """Errors by period and code, newest first."""
    return show_page(error_stats.count_errors(query["period"], query["since"]))
