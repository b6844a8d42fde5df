"""Tasks that somebody at the customer's is to do."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "task_customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_task_customer_tenant_id_tenant")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_task_customer_task_id_task")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer_person.id"],
            name=op.f("fk_task_customer_customer_id_customer_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_customer")),
        sa.UniqueConstraint(
            "task_id", "customer_id", name=op.f("uq_task_customer_task_id_customer_id")
        ),
    )
    op.create_index(op.f("ix_task_customer_customer_id"), "task_customer", ["customer_id"])
