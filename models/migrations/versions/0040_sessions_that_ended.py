"""Find the sessions that ended lately by an index, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Change the schema."""
    op.create_index(
        op.f("ix_login_session_ended_at"),
        "login_session",
        ["ended_at"],
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
