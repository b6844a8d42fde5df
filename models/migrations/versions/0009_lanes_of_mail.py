"""Mails go by urgency, and an answer that is awaited is known."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Change the schema."""
    table = "outgoing_mail"
    op.add_column(table, sa.Column("lane", sa.Integer(), nullable=False, server_default="1"))
    op.add_column(table, sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        table,
        sa.Column("maybe_arrived", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE outgoing_mail SET lane = 0 WHERE template <> 'invitation'")
    op.drop_index("ix_outgoing_mail_due", table)
    op.create_index("ix_outgoing_mail_due", table, ["state", "lane", "next_attempt_at"])
