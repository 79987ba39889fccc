"""admission of jobs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"

down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_control",
        sa.Column("id", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column(
            "changed_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_queue_control_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_control")),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "queued_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
    )
    op.add_column(
        "jobs", sa.Column("admitted_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_jobs_admitted",
        "jobs",
        ["tenant_id"],
        unique=False,
        postgresql_where=sa.text(
            "admitted_at IS NOT NULL AND status NOT IN ('completed', 'failed', 'cancelled')"
        ),
    )
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["tenant_id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending' AND admitted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_jobs_waiting",
        table_name="jobs",
        postgresql_where=sa.text("status = 'pending' AND admitted_at IS NULL"),
    )
    op.drop_index(
        "ix_jobs_admitted",
        table_name="jobs",
        postgresql_where=sa.text(
            "admitted_at IS NOT NULL AND status NOT IN ('completed', 'failed', 'cancelled')"
        ),
    )
    op.drop_column("jobs", "admitted_at")
    op.drop_column("jobs", "queued_at")
    op.drop_table("queue_control")
