"""Files of POCs, in chunks."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "resource_file",
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("poc_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_resource_file_resource_id_resource")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_resource_file_tenant_id_tenant")
        ),
        sa.ForeignKeyConstraint(["poc_id"], ["poc.id"], name=op.f("fk_resource_file_poc_id_poc")),
        sa.PrimaryKeyConstraint("resource_id", name=op.f("pk_resource_file")),
    )
    op.create_index(op.f("ix_resource_file_poc_id"), "resource_file", ["poc_id"])
    op.create_table(
        "file_chunk",
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"],
            ["resource_file.resource_id"],
            name=op.f("fk_file_chunk_resource_id_resource_file"),
        ),
        sa.PrimaryKeyConstraint("resource_id", "number", name=op.f("pk_file_chunk")),
    )
