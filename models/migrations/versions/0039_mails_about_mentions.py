"""People choose whether a comment that mentions them is told by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Change the schema."""
    op.add_column(
        "user_account",
        sa.Column("wants_mention_mails", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
