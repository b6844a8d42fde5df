"""How fresh a sign-in is, and how it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

METHODS = ("password", "link", "sso")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the schema."""
    op.add_column(
        "login_session",
        sa.Column("authenticated_at", AT, nullable=False, server_default="1970-01-01 00:00:00"),
    )
    op.execute("UPDATE login_session SET authenticated_at = created_at")
    op.add_column(
        "login_session",
        sa.Column(
            "method",
            sa.Enum(*METHODS, name="signinmethod", native_enum=False, length=40),
            nullable=False,
            server_default="password",
        ),
    )
