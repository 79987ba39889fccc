"""what attempts took, and what was learnt from it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learnt_costs",
        sa.Column("work_class", sa.Text(), nullable=False),
        sa.Column("cpu_ms", sa.Double(), nullable=False),
        sa.Column("wall_ms", sa.Double(), nullable=False),
        sa.Column("wall_p90", sa.Double(), nullable=False),
        sa.Column("peak_memory_bytes", sa.Double(), nullable=False),
        sa.Column("output_bytes", sa.Double(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column(
            "learnt_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("work_class", name=op.f("pk_learnt_costs")),
    )
    op.add_column(
        "step_attempts",
        sa.Column(
            "usage", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
    )
    op.create_index(
        "ix_step_attempts_used",
        "step_attempts",
        [sa.literal_column("completed_at DESC")],
        unique=False,
        postgresql_where=sa.text("usage IS NOT NULL"),
    )
    op.add_column("workers", sa.Column("cores", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("workers", "cores")
    op.drop_index(
        "ix_step_attempts_used",
        table_name="step_attempts",
        postgresql_where=sa.text("usage IS NOT NULL"),
    )
    op.drop_column("step_attempts", "usage")
    op.drop_table("learnt_costs")
