"""Where passkeys belong to, and whether one may have been copied."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Change the schema."""
    with op.batch_alter_table("passkey") as batch_op:
        batch_op.add_column(sa.Column("host", sa.String(253), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("counter_went_back_at", sa.DateTime(timezone=True), nullable=True)
        )
