"""Schemas that several resources share."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate


def is_text(value: str) -> None:
    """Refuse halves of characters: JSON can hold them, nothing else. Raises: ValidationError."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValidationError("Holds half of a character, such as \\ud800.") from error


class Moment(fields.AwareDateTime):
    """A time with its zone, in UTC from then on: databases know fewer zones than RFC 3339 does."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        try:
            return super()._deserialize(value, *args, **kwargs).astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error


class ProblemItemSchema(Schema):
    pointer = fields.Str(metadata={"description": "JSON pointer into the document that was sent"})
    code = fields.Str()
    message = fields.Str()
    suggestion = fields.Str(allow_none=True)


class FFmpegDetailsSchema(Schema):
    exit_code = fields.Int(allow_none=True)
    signal = fields.Str(allow_none=True)
    command = fields.Str(allow_none=True)
    stderr_tail = fields.List(fields.Str())


class ErrorSchema(Schema):
    """What went wrong, and what to do: the same object in jobs, steps, attempts and answers."""

    code = fields.Str(metadata={"description": "One of /docs/errors"})
    message = fields.Str()
    category = fields.Str()
    severity = fields.Str()
    retryable = fields.Str()
    retry_after = fields.Int(allow_none=True, metadata={"description": "Seconds"})
    suggestion = fields.Str(allow_none=True)
    documentation = fields.Str()
    job_id = fields.Str(allow_none=True)
    step_id = fields.Str(allow_none=True)
    attempt = fields.Int(allow_none=True)
    request_id = fields.Str(allow_none=True)
    errors = fields.List(fields.Nested(ProblemItemSchema))
    ffmpeg = fields.Nested(FFmpegDetailsSchema, allow_none=True)


class ProblemSchema(ErrorSchema):
    """application/problem+json with the error object in it."""

    type = fields.Str()
    title = fields.Str()
    status = fields.Int()
    detail = fields.Str()
    instance = fields.Str()


class PageSchema(Schema):
    has_more = fields.Bool()
    next_cursor = fields.Str(allow_none=True)


class PageQuerySchema(Schema):
    cursor = fields.Str(
        validate=validate.Length(max=400),
        metadata={"description": "next_cursor of the page before"},
    )
    limit = fields.Int(load_default=20, validate=validate.Range(1, 100))


class MediaInfoSchema(Schema):
    """What a file holds, stream by stream."""

    format = fields.Str(allow_none=True)
    duration_ms = fields.Int(allow_none=True)
    duration_is_exact = fields.Bool()
    size_bytes = fields.Int(allow_none=True)
    bitrate_bps = fields.Int(allow_none=True)
    start_ms = fields.Int(allow_none=True)
    video = fields.List(fields.Dict())
    audio = fields.List(fields.Dict())
    subtitles = fields.List(fields.Dict())
    chapters = fields.List(fields.Dict())
    attached_pictures = fields.List(fields.Dict())
    tags = fields.Dict()


class EstimatesSchema(Schema):
    cpu_ms = fields.Int()
    wall_ms = fields.Int()
    peak_memory_bytes = fields.Int()
    disk_bytes = fields.Int()
    output_bytes = fields.Int()


class StepEstimatesSchema(EstimatesSchema):
    wall_p90_ms = fields.Int(metadata={"description": "Nine runs of ten take less"})
    samples = fields.Int(
        metadata={"description": "Finished attempts that this was learnt from; 0: a first estimate"}
    )


class PlanNodeSchema(Schema):
    id = fields.Str()
    type = fields.Str(metadata={"enum": ["input", "operation", "output"]})
    operator = fields.Str(allow_none=True)
    params = fields.Dict(allow_none=True)
    media_info = fields.Dict()
    estimates = fields.Nested(EstimatesSchema)


class PlanStepSchema(Schema):
    step_id = fields.Str()
    kind = fields.Str()
    stage = fields.Int()
    nodes = fields.List(fields.Str())
    depends_on = fields.List(fields.Str())
    argv = fields.List(fields.Str())
    filtergraph = fields.Str(allow_none=True)
    files = fields.Dict()
    reason = fields.Str()
    work = fields.Dict(metadata={"description": "First estimates by class of work"})
    estimates = fields.Nested(StepEstimatesSchema)


class PlanSchema(Schema):
    """ProcessingPlan: what will be done, exactly."""

    plan_id = fields.Str()
    job_id = fields.Str(allow_none=True)
    created_at = fields.Str(allow_none=True)
    ffmpeg_version = fields.Str()
    warnings = fields.List(fields.Nested(ProblemItemSchema))
    nodes = fields.List(fields.Nested(PlanNodeSchema))
    edges = fields.List(fields.Dict())
    execution_order = fields.List(fields.Str())
    execution_stages = fields.List(fields.List(fields.Str()))
    steps = fields.List(fields.Nested(PlanStepSchema))
    estimates = fields.Nested(StepEstimatesSchema)
