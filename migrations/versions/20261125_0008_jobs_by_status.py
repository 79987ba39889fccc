"""jobs by status"""

import sqlalchemy as sa
from alembic import op

revision = "0008"

down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_jobs_tenant_status_created",
        "jobs",
        ["tenant_id", "status", sa.text("created_at DESC"), sa.text("job_id DESC")],
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_tenant_status_created", table_name="jobs")
