"""How many rows a person's lists show at once, and how high they are."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("list_choice", sa.Column("page_size", sa.Integer(), nullable=True))
    op.add_column(
        "list_choice", sa.Column("compact", sa.Boolean(), nullable=False, server_default=sa.false())
    )
