"""Who gets the work of those whom a bulk act deactivates."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("bulk_act", sa.Column("hand_over", sa.JSON(), nullable=True))
