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
