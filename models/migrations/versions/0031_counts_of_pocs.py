"""The counts of the list of POCs are read from an index alone."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Change the schema."""
    op.drop_index("ix_poc_tenant_status", "poc")
    op.create_index("ix_poc_tenant_status", "poc", ["tenant_id", "status", "archived_at"])
