"""How each person wants to see each list, and what more the list of users tells."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

INDEXES = {
    "ix_user_account_tenant_last_active": "last_active_at",
    "ix_user_account_tenant_joined": "first_sign_in_at",
    "ix_user_account_tenant_invited_by": "invited_by_id",
}


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
    op.add_column(
        "user_account", sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        "UPDATE user_account SET last_active_at = COALESCE((SELECT MAX(last_seen_at) "
        "FROM login_session WHERE login_session.user_id = user_account.id), last_sign_in_at)"
    )
    for name, column in INDEXES.items():
        op.create_index(name, "user_account", ["tenant_id", column, "id"])
