"""Changes of emails."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "email_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.String(254), nullable=False),
        sa.Column("new_email", sa.String(254), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("revert_link_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_email_change_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["one_time_link.id"], name=op.f("fk_email_change_link_id_one_time_link")
        ),
        sa.ForeignKeyConstraint(
            ["revert_link_id"],
            ["one_time_link.id"],
            name=op.f("fk_email_change_revert_link_id_one_time_link"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change")),
        sa.UniqueConstraint("link_id", name=op.f("uq_email_change_link_id")),
        sa.UniqueConstraint("revert_link_id", name=op.f("uq_email_change_revert_link_id")),
    )
    op.create_index("ix_email_change_user_id", "email_change", ["user_id"])
