"""The end of a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("tenant", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
