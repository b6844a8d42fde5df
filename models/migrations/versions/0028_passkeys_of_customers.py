"""Passkeys of customers' people."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "customer_passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=253), server_default="", nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_used_at", AT, nullable=True),
        sa.Column("last_challenge_at", AT, nullable=True),
        sa.Column("counter_went_back_at", AT, nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer_person.id"],
            name=op.f("fk_customer_passkey_customer_id_customer_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_customer_passkey_credential_id")),
    )
    op.create_index(op.f("ix_customer_passkey_customer_id"), "customer_passkey", ["customer_id"])
