"""Names of queues and tasks: senders use these, `tasks` registers them, a test compares."""

CONTROL = "control"
MEDIA = "media"
TRANSFER = "transfer"
WEBHOOKS = "webhooks"

ADVANCE = "media_pipeline.advance_job"
ADMIT = "media_pipeline.admit_jobs"
SWEEP = "media_pipeline.sweep"
RUN_STEP = "media_pipeline.run_step"
DIGEST_OUTPUTS = "media_pipeline.digest_outputs"


def media_at(place: str) -> str:
    """The queue of steps that must run where a certain WORK_DIR is seen."""
    return f"{MEDIA}.{place}"
