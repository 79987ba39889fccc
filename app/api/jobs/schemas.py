"""What goes in and out of /v1/jobs."""

from marshmallow import Schema, ValidationError, fields, validate
from webargs.fields import DelimitedList

from app.api.schemas import ErrorSchema, Moment, PageQuerySchema, PageSchema, ProblemItemSchema
from app.store.status import JobStatus

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key with the same body gives the same job, as long as the job is kept.",
}


LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
    "description": "The id of the last event that was seen",
}


class EventSchema(Schema):
    """`job.status` and `step.status` have an id; `job.progress` has none."""

    id = fields.Str()
    event = fields.Str()
    data = fields.Str()


class StepProgressSchema(Schema):
    step_id = fields.Str()
    status = fields.Str()
    percent = fields.Float()
    frame = fields.Int(allow_none=True)
    fps = fields.Float(allow_none=True)
    out_time_ms = fields.Int(allow_none=True)
    speed = fields.Float(allow_none=True)
    bitrate_bps = fields.Int(allow_none=True)
    total_size_bytes = fields.Int(allow_none=True)


class ProgressSchema(Schema):
    overall_percent = fields.Float()
    current_step = fields.Str(allow_none=True)
    eta_ms = fields.Int(allow_none=True)
    steps = fields.List(fields.Nested(StepProgressSchema))


class OutputSchema(Schema):
    index = fields.Int()
    id = fields.Str()
    destination = fields.Str()
    status = fields.Str()
    size_bytes = fields.Int(allow_none=True)
    md5 = fields.Str(allow_none=True)
    media_info = fields.Dict(allow_none=True)
    files = fields.List(fields.Dict())


class WhySchema(Schema):
    """Why a job waits or stands still."""

    code = fields.Str(
        metadata={
            "enum": [
                "QUEUE_PAUSED", "WAITS_FOR_SLOT", "WAITS_FOR_TENANT_LIMIT", "WAITS_FOR_WORKER",
                "WORKER_SILENT", "FFMPEG_STALLED", "RETRY_AT", "NOT_BEFORE",
            ]
        }
    )  # fmt: skip
    message = fields.Str()
    since = fields.Str(allow_none=True)


class RunningSchema(Schema):
    """An attempt that runs, and when its worker was heard last."""

    step_id = fields.Str()
    attempt = fields.Int()
    worker_id = fields.Str()
    since = fields.Str()
    heartbeat_at = fields.Str(allow_none=True)
    draining = fields.Bool()


class JobSchema(Schema):
    """One submitted JobSpec and everything that became of it."""

    job_id = fields.Str()
    status = fields.Str(metadata={"enum": [status.value for status in JobStatus]})
    priority = fields.Int()
    tags = fields.Dict()
    created_at = fields.Str()
    updated_at = fields.Str()
    started_at = fields.Str(allow_none=True)
    completed_at = fields.Str(allow_none=True)
    retry_count = fields.Int()
    queue_position = fields.Int(allow_none=True)
    progress = fields.Nested(ProgressSchema)
    why = fields.Nested(WhySchema, allow_none=True)
    running = fields.List(fields.Nested(RunningSchema))
    error = fields.Nested(ErrorSchema, allow_none=True)
    warnings = fields.List(fields.Nested(ProblemItemSchema))
    outputs = fields.List(fields.Nested(OutputSchema))
    spec = fields.Dict()
    plan_id = fields.Str(allow_none=True)
    analysis = fields.Dict(
        allow_none=True,
        metadata={
            "description": "Of a failed job that is asked for by its id: root cause, timeline"
        },
    )


class JobFieldsSchema(Schema):
    chosen = DelimitedList(
        fields.Str(validate=validate.OneOf(list(JobSchema().fields))),
        data_key="fields",
        load_default=list,
        validate=validate.Length(min=1, max=len(JobSchema().fields)),
        metadata={"description": "Only these fields, separated by commas"},
    )


class JobChangeSchema(Schema):
    priority = fields.Int(required=True, strict=True, validate=validate.Range(0, 10))


class JobPageSchema(PageSchema):
    data = fields.List(fields.Nested(JobSchema))


def _is_pair(text: str) -> None:
    if ":" not in text:
        raise ValidationError("Write it as KEY:VALUE.")


class JobQuerySchema(PageQuerySchema):
    status = fields.List(
        fields.Str(validate=validate.OneOf([s.value for s in JobStatus])),
        validate=validate.Length(max=len(JobStatus)),
    )
    # whatever a job may be labelled with
    tag = fields.List(
        fields.Str(validate=[validate.Length(1, 4096), _is_pair]),
        validate=validate.Length(max=16),
        metadata={"description": "KEY:VALUE"},
    )
    created_after = Moment()
    created_before = Moment()


class LogSchema(Schema):
    timestamp = fields.Str()
    level = fields.Str()
    stage = fields.Str()
    message = fields.Str()
    step_id = fields.Str(allow_none=True)
    attempt = fields.Int(allow_none=True)


class LogPageSchema(PageSchema):
    data = fields.List(fields.Nested(LogSchema))


class LogQuerySchema(PageQuerySchema):
    stage = fields.Str()
    level = fields.Str(validate=validate.OneOf(["debug", "info", "warning", "error"]))
    limit = fields.Int(load_default=100, validate=validate.Range(1, 1000))


class AttemptSchema(Schema):
    attempt = fields.Int()
    worker = fields.Str()
    status = fields.Str()
    started_at = fields.Str()
    completed_at = fields.Str(allow_none=True)
    exit_code = fields.Int(allow_none=True)
    signal = fields.Str(allow_none=True)
    command = fields.Str(allow_none=True)
    argv = fields.List(fields.Str())
    error = fields.Nested(ErrorSchema, allow_none=True)


class StepSchema(Schema):
    step_id = fields.Str()
    kind = fields.Str()
    stage = fields.Int()
    status = fields.Str()
    nodes = fields.List(fields.Str())
    depends_on = fields.List(fields.Str())
    failures = fields.Int()
    attempts = fields.List(fields.Nested(AttemptSchema))


class StepPageSchema(PageSchema):
    data = fields.List(fields.Nested(StepSchema))
