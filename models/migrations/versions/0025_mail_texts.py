"""An organisation's own texts of mails, whether people are told, and how long they may stay."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "mail_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_mail_text_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_text")),
        sa.UniqueConstraint("tenant_id", "template", name=op.f("uq_mail_text_tenant_id_template")),
    )
    op.add_column(
        "tenant",
        sa.Column("tells_people", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("tenant", sa.Column("usual_stay_days", sa.Integer(), nullable=True))
    op.add_column("tenant", sa.Column("longest_stay_days", sa.Integer(), nullable=True))
    op.add_column(
        "bulk_act",
        sa.Column("tell", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
