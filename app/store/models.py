"""The tables. Postgres is the truth; every row belongs to a tenant, directly or by its job."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.store.status import JobStatus, StepStatus, WorkerStatus

_NOW = text("clock_timestamp()")
_EMPTY_LIST, _EMPTY_MAP = text("'[]'::jsonb"), text("'{}'::jsonb")


def _one_of(column: str, values: type[JobStatus] | type[StepStatus] | type[WorkerStatus]) -> str:
    return f"{column} IN ({', '.join(repr(v.value) for v in values)})"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        str: Text,
    }


class Job(Base):
    """One submitted JobSpec. `event_seq` is the number of its latest event."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(_one_of("status", JobStatus), name="status"),
        CheckConstraint("priority BETWEEN 0 AND 10", name="priority"),
        Index("ix_jobs_tenant_created", "tenant_id", text("created_at DESC"), text("job_id DESC")),
        # the few jobs that failed are found as soon among a million as among a thousand
        Index(
            "ix_jobs_tenant_status_created",
            "tenant_id", "status", text("created_at DESC"), text("job_id DESC"),
        ),
        Index(
            "ix_jobs_live", "updated_at",
            postgresql_where=text("status NOT IN ('completed', 'failed', 'cancelled')"),
        ),
        Index(
            "uq_jobs_idempotency_key", "tenant_id", "idempotency_key", unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_jobs_tags", "tags", postgresql_using="gin"),
        # what waits for admission, and what was admitted: both are asked for at every admission
        Index(
            "ix_jobs_waiting", "tenant_id",
            postgresql_where=text("status = 'pending' AND admitted_at IS NULL"),
        ),
        Index(
            "ix_jobs_admitted", "tenant_id",
            postgresql_where=text(
                "admitted_at IS NOT NULL AND status NOT IN ('completed', 'failed', 'cancelled')"
            ),
        ),
    )  # fmt: skip

    job_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=JobStatus.PENDING.value)
    priority: Mapped[int]
    # json, not jsonb: keeps the order in which the client, or the planner, wrote the fields
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    tags: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY_MAP)
    plan_id: Mapped[str | None]
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    plan_failures: Mapped[int] = mapped_column(server_default="0")
    """How often planning failed for reasons that may pass."""
    plan_due_at: Mapped[datetime | None]
    """When it is to be tried again."""
    warnings: Mapped[list[Any]] = mapped_column(server_default=_EMPTY_LIST)
    outputs: Mapped[list[Any]] = mapped_column(server_default=_EMPTY_LIST)
    error: Mapped[dict[str, Any] | None]
    timeout_ms: Mapped[int] = mapped_column(BigInteger)
    deadline_at: Mapped[datetime | None]
    queued_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    """Since when it waits to be admitted: since it was submitted, or tried again."""
    admitted_at: Mapped[datetime | None]
    retry_count: Mapped[int] = mapped_column(server_default="0")
    event_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    progress_told_at: Mapped[datetime | None]
    """When a webhook was last sent about its progress."""
    request_id: Mapped[str | None]
    traceparent: Mapped[str | None]
    """Of the request that submitted it: what is done for the job belongs to that trace."""
    idempotency_key: Mapped[str | None]
    body_sha256: Mapped[str | None]
    """Of the body that came with the idempotency key."""
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class Step(Base):
    """One step of a job's plan. `attempt` is the latest attempt's number: the fencing token."""

    __tablename__ = "steps"
    __table_args__ = (
        CheckConstraint(_one_of("status", StepStatus), name="status"),
        Index(
            "ix_steps_live", "lease_until", postgresql_where=text("status IN ('queued', 'running')")
        ),
    )

    job_id: Mapped[str] = mapped_column(
        ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str]
    stage: Mapped[int]
    status: Mapped[str] = mapped_column(server_default=StepStatus.PENDING.value)
    nodes: Mapped[list[Any]]
    depends_on: Mapped[list[Any]]
    deps_left: Mapped[int]
    """Dependencies not yet completed; counted down in the transaction that completes one."""
    reads: Mapped[list[Any]] = mapped_column(server_default=_EMPTY_LIST)
    """Those of them whose work files it reads."""
    is_placed: Mapped[bool] = mapped_column(server_default=text("false"))
    """It reads work files of others, or others read its own: all such steps run in one place."""
    place: Mapped[str | None]
    """Where it ran last: the fingerprint of that worker's WORK_DIR."""
    weight: Mapped[int] = mapped_column(BigInteger)
    """Estimated wall time in ms: the step's share of the job's progress."""
    attempt: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    queued_at: Mapped[datetime | None]
    percent: Mapped[float] = mapped_column(server_default="0")
    progress: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class StepAttempt(Base):
    """The results table: one execution of a step, never overwritten once it is closed."""

    __tablename__ = "step_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["job_id", "step_id"], ["steps.job_id", "steps.step_id"], ondelete="CASCADE"
        ),
        CheckConstraint(_one_of("status", StepStatus), name="status"),
        Index(
            "ix_step_attempts_used", text("completed_at DESC"),
            postgresql_where=text("usage IS NOT NULL"),
        ),
    )  # fmt: skip

    job_id: Mapped[str] = mapped_column(primary_key=True)
    step_id: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    worker: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=StepStatus.RUNNING.value)
    started_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    completed_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    signal: Mapped[str | None]
    command: Mapped[str | None]
    argv: Mapped[list[Any]] = mapped_column(server_default=_EMPTY_LIST)
    error: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    """Of a completed attempt: what it had to do, by class of work, and what it took."""


class JobLog(Base):
    """What happened, in words, for people."""

    __tablename__ = "job_logs"
    __table_args__ = (Index("ix_job_logs_job", "job_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id", ondelete="CASCADE"))
    timestamp: Mapped[datetime] = mapped_column(server_default=_NOW)
    level: Mapped[str]
    stage: Mapped[str]
    message: Mapped[str]
    step_id: Mapped[str | None]
    attempt: Mapped[int | None]


class JobEvent(Base):
    """Append-only; `seq` counts from 1 without a gap in each job."""

    __tablename__ = "job_events"

    job_id: Mapped[str] = mapped_column(
        ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class Worker(Base):
    """A worker process that has reported for work; a new start is a new row."""

    __tablename__ = "workers"
    __table_args__ = (CheckConstraint(_one_of("status", WorkerStatus), name="status"),)

    worker_id: Mapped[str] = mapped_column(primary_key=True)
    hostname: Mapped[str]
    version: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=WorkerStatus.ACTIVE.value)
    slots: Mapped[int]
    cores: Mapped[int] = mapped_column(server_default="1")
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text))
    work_dir_fingerprint: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    last_heartbeat_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class QueueControl(Base):
    """One row: whether jobs are admitted at all."""

    __tablename__ = "queue_control"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, server_default="1")
    is_paused: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class LearntCost(Base):
    """By how much first estimates of a class of work are off, learnt from finished attempts."""

    __tablename__ = "learnt_costs"

    work_class: Mapped[str] = mapped_column(primary_key=True)
    cpu_ms: Mapped[float]
    wall_ms: Mapped[float]
    wall_p90: Mapped[float]
    peak_memory_bytes: Mapped[float]
    output_bytes: Mapped[float]
    samples: Mapped[int]
    learnt_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class ApiKey(Base):
    """A credential; only the SHA-256 of its secret is kept."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    name: Mapped[str]
    secret_sha256: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class StoredPlan(Base):
    """A dry-run plan, kept so that a job can run exactly it; per tenant."""

    __tablename__ = "plans"

    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(primary_key=True)
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class WebhookSecret(Base):
    """What a tenant's webhooks are signed with. It signs until it expires, so two may be valid."""

    __tablename__ = "webhook_secrets"

    secret_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(index=True)
    secret: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """The outbox: written in the transaction of what it tells of, sent afterwards."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
        Index("ix_webhook_deliveries_due", "due_at", postgresql_where=text("status = 'pending'")),
        Index("ix_webhook_deliveries_job", "job_id", "created_at"),
    )

    delivery_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id", ondelete="CASCADE"))
    url: Mapped[str]
    type: Mapped[str]
    # json: the very text that is signed must come out again
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[list[Any]] = mapped_column(server_default=_EMPTY_LIST)
    """Each `{at, status_code, error, duration_ms}`."""
    tries: Mapped[int] = mapped_column(server_default="0")
    """Of this round: a redelivery begins another."""
    due_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class OutputPart(Base):
    """A file beside a destination that must not outlive its attempt; swept from this list."""

    __tablename__ = "output_parts"

    path: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str]
    step_id: Mapped[str]
    attempt: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
