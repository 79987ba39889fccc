"""idempotency keys of jobs"""

import sqlalchemy as sa
from alembic import op

revision = "0005"

down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("idempotency_key", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("body_sha256", sa.Text(), nullable=True))
    op.create_index(
        "uq_jobs_idempotency_key",
        "jobs",
        ["tenant_id", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_jobs_idempotency_key",
        table_name="jobs",
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.drop_column("jobs", "body_sha256")
    op.drop_column("jobs", "idempotency_key")
