"""A group of tasks has a side, days and people of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Change the schema."""
    side = sa.Column("side", sa.String(length=40), server_default="team", nullable=False)
    op.add_column("task_group", side)
    op.add_column("task_group", sa.Column("start_on", sa.Date(), nullable=True))
    op.add_column("task_group", sa.Column("due_on", sa.Date(), nullable=True))
    _create("group_assignee", "user_id", "user_account")
    _create("group_customer", "customer_id", "customer_person")


def _create(table: str, who: str, people: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column(who, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["task_group.id"], name=op.f(f"fk_{table}_group_id_task_group")
        ),
        sa.ForeignKeyConstraint([who], [f"{people}.id"], name=op.f(f"fk_{table}_{who}_{people}")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("group_id", who, name=op.f(f"uq_{table}_group_id_{who}")),
    )
    op.create_index(op.f(f"ix_{table}_{who}"), table, [who])
