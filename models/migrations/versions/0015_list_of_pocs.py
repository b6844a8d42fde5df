"""What the list of POCs is searched and sorted by."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("poc", sa.Column("search_key", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE poc SET search_key = title_key || ' ' || customer_key")
    op.create_index("ix_poc_tenant_customer", "poc", ["tenant_id", "customer_key", "id"])
    op.create_index("ix_poc_tenant_end", "poc", ["tenant_id", "end_on", "id"])
