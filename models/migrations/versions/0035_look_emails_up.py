"""Find an email among all users by an index, whether its account is active or not."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Change the schema."""
    op.create_index(
        "ix_user_account_email_active", "user_account", ["email_key", "active", "tenant_id"]
    )
