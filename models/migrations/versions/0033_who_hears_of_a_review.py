"""Who is told of a review's close: whoever began it, and the users whom it deactivates."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Change the schema."""
    with op.batch_alter_table("review") as batch:
        batch.add_column(sa.Column("begun_by_id", sa.Uuid(), nullable=True))
        batch.add_column(
            sa.Column("tells", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.create_foreign_key(
            batch.f("fk_review_begun_by_id_user_account"), "user_account", ["begun_by_id"], ["id"]
        )
