"""A file is written before its resource is, in many short transactions."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Change the schema."""
    # SQLite copies the table for that; the chunks, which refer to it, stand aside meanwhile.
    is_sqlite = op.get_context().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE TABLE file_chunk_aside AS SELECT * FROM file_chunk")
        op.execute("DELETE FROM file_chunk")
    with op.batch_alter_table("resource_file") as batch:
        batch.drop_constraint("fk_resource_file_resource_id_resource", type_="foreignkey")
        batch.add_column(sa.Column("arriving_since", sa.DateTime(timezone=True), nullable=True))
    if is_sqlite:
        op.execute("INSERT INTO file_chunk SELECT * FROM file_chunk_aside")
        op.execute("DROP TABLE file_chunk_aside")
    op.create_index(op.f("ix_resource_file_tenant_id"), "resource_file", ["tenant_id"])
