"""Of whom a tenant requires a second factor."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Change the schema."""
    op.add_column(
        "tenant",
        sa.Column(
            "second_factor_policy", sa.String(length=40), nullable=False, server_default="optional"
        ),
    )
