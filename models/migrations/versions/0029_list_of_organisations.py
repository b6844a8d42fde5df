"""What the list of organisations is searched and sorted by."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Change the schema."""
    op.add_column("tenant", sa.Column("name_key", sa.String(), nullable=False, server_default=""))
    tenant = sa.table("tenant", sa.column("id"), sa.column("name"), sa.column("name_key"))
    connection = op.get_bind()
    for tenant_id, name in connection.execute(sa.select(tenant.c.id, tenant.c.name)).all():
        statement = sa.update(tenant).where(tenant.c.id == tenant_id)
        connection.execute(statement.values(name_key=_fold(name)))
    op.create_index("ix_tenant_name", "tenant", ["name_key", "id"])
    op.create_index("ix_tenant_created", "tenant", ["created_at", "id"])


def _fold(name: str) -> str:
    """The name without case and accents. It is as `services.core.names.fold` made it at the time,
    but for letters that have no accent and look as if they had one."""
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", bare.casefold())
