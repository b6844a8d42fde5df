"""The lists of templates are sorted by when they were changed, too."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Change the schema."""
    for table in ("group_template", "task_template"):
        columns = ["tenant_id", "changed_at", "id"]
        op.create_index(f"ix_{table}_tenant_changed", table, columns)
