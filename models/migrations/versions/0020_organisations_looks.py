"""What organisations and people look like, and how people are reached."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def upgrade() -> None:
    """Change the schema."""
    op.add_column("tenant", _text("logo", 64))
    op.add_column("tenant", _text("brand_colour", 7))
    op.add_column("tenant", _text("allowed_domains"))
    op.add_column("user_account", _text("phone", 40))
    op.add_column("user_account", _text("time_zone", 64))
    op.add_column("user_account", _text("picture", 64))
    op.create_table(
        "picture",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_picture_tenant_id_tenant")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_picture_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture")),
    )
    op.create_index("uq_picture_user", "picture", ["user_id"], unique=True)
    op.create_index(
        "uq_picture_logo",
        "picture",
        ["tenant_id"],
        unique=True,
        sqlite_where=sa.text("user_id IS NULL"),
        postgresql_where=sa.text("user_id IS NULL"),
    )
