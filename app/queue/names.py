"""Names of queues and tasks: senders use these, `tasks` registers them, a test compares."""

CONTROL = "control"
MEDIA = "media"
TRANSFER = "transfer"
PLANNING = "planning"
WEBHOOKS = "webhooks"

ADVANCE = "media_pipeline.advance_job"
ADMIT = "media_pipeline.admit_jobs"
PLAN = "media_pipeline.plan_job"
SWEEP = "media_pipeline.sweep"
RUN_STEP = "media_pipeline.run_step"
DELIVER_WEBHOOK = "media_pipeline.deliver_webhook"
DIGEST_OUTPUTS = "media_pipeline.digest_outputs"


_of_kind = {"ffmpeg": MEDIA, "transfer": TRANSFER}


def queue_of(kind: str, place: str | None = None) -> str:
    """The queue of a kind of step; with a place, that of steps which must run where a certain
    WORK_DIR is seen."""
    return f"{_of_kind[kind]}.{place}" if place else _of_kind[kind]


def of_place(queue: str, place: str) -> str | None:
    """The queue of the same kind of work at a place; None for work that is done anywhere."""
    return f"{queue}.{place}" if queue in _of_kind.values() else None
