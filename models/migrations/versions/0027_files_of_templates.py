"""Files of templates: of a file it needn't be said any more to which POC it belongs."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Change the schema."""
    # SQLite copies the table for that; the chunks, which refer to it, stand aside meanwhile.
    is_sqlite = op.get_context().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE TABLE file_chunk_aside AS SELECT * FROM file_chunk")
        op.execute("DELETE FROM file_chunk")
    with op.batch_alter_table("resource_file") as batch:
        batch.alter_column("poc_id", existing_type=sa.Uuid(), nullable=True)
    if is_sqlite:
        op.execute("INSERT INTO file_chunk SELECT * FROM file_chunk_aside")
        op.execute("DROP TABLE file_chunk_aside")
