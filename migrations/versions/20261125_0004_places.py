"""where steps run"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"

down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "steps",
        sa.Column(
            "reads",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column(
        "steps",
        sa.Column("is_placed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("steps", sa.Column("place", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("steps", "place")
    op.drop_column("steps", "is_placed")
    op.drop_column("steps", "reads")
