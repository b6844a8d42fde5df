"""A task's description may be shared with the customer."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Change the schema."""
    for table in ("task", "task_template"):
        op.add_column(
            table,
            sa.Column(
                "description_shared", sa.Boolean(), nullable=False, server_default=sa.false()
            ),
        )
