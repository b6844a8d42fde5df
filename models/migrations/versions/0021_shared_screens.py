"""How screens are paired, where they are open, and how many people were here."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "here_count",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("here", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_here_count_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "at", name=op.f("pk_here_count")),
    )
    op.create_table(
        "screen_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("start_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("screen_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["screen_id"], ["screen.id"], name=op.f("fk_screen_code_screen_id_screen")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_code")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_screen_code_key_hash")),
    )
    op.create_index(op.f("ix_screen_code_start_hash"), "screen_code", ["start_hash"])
    op.create_table(
        "screen_place",
        sa.Column("screen_id", sa.Uuid(), nullable=False),
        sa.Column("tab", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("size", sa.String(20), nullable=False),
        sa.Column("since", AT, nullable=False),
        sa.Column("seen_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["screen_id"], ["screen.id"], name=op.f("fk_screen_place_screen_id_screen")
        ),
        sa.PrimaryKeyConstraint("screen_id", "tab", name=op.f("pk_screen_place")),
    )
