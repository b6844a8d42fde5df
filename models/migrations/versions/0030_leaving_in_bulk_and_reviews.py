"""Who gets the work of those whom a bulk act deactivates; which users are contractors; and reviews
of customers' people."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("bulk_act", sa.Column("hand_over", sa.JSON(), nullable=True))
    op.add_column(
        "user_account",
        sa.Column("contractor", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    with op.batch_alter_table("review_person") as batch:
        batch.alter_column("user_id", existing_type=sa.Uuid(), nullable=True)
        batch.alter_column("role", existing_type=sa.String(40), nullable=True)
        batch.add_column(sa.Column("customer_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_review_person_customer_id_customer_person"),
            "customer_person",
            ["customer_id"],
            ["id"],
        )
        batch.create_index(batch.f("ix_review_person_customer_id"), ["customer_id"])
