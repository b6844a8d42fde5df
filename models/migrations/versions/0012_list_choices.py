"""How each person wants to see each list."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "list_choice",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=True),
        sa.Column("views", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_list_choice_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "noun", name=op.f("pk_list_choice")),
    )
