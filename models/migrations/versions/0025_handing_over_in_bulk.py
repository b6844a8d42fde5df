"""Who gets the work of those whom a bulk act deactivates, and which users are contractors."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("bulk_act", sa.Column("hand_over", sa.JSON(), nullable=True))
    op.add_column(
        "user_account",
        sa.Column("contractor", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
