"""Reviews ask about customers' people too."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Change the schema."""
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
