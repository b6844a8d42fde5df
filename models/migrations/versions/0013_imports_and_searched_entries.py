"""Imports of people from files; and what searches in the audit log look at, which is filled in
afterwards, while Rollcall serves (`services.audit.search`)."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "user_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("started_by_id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.String(length=401), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_user_import_tenant_id_tenant")
        ),
        sa.ForeignKeyConstraint(
            ["started_by_id"],
            ["user_account.id"],
            name=op.f("fk_user_import_started_by_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_import")),
    )
    op.create_index("ix_user_import_tenant_started", "user_import", ["tenant_id", "started_at"])
    op.create_index(op.f("ix_user_import_ended_at"), "user_import", ["ended_at"])
    op.create_table(
        "user_import_batch",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["user_import.id"],
            name=op.f("fk_user_import_batch_import_id_user_import"),
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_user_import_batch")),
    )
    op.add_column("audit_event", sa.Column("search_key", sa.String(length=600), nullable=True))
    op.create_index("ix_audit_event_search", "audit_event", ["chain_id", "number", "search_key"])
    op.create_index(
        "ix_audit_event_unsearchable",
        "audit_event",
        ["id"],
        sqlite_where=sa.text("search_key IS NULL"),
        postgresql_where=sa.text("search_key IS NULL"),
    )
