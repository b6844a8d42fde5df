"""Count each tenant's users as they change, so that no page has to count them all."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NO_TENANT = {"sqlite": "'" + "0" * 32 + "'", "postgresql": "'00000000-0000-0000-0000-000000000000'"}
CELLS = ("active", "inactive", "active_invited", "inactive_invited")


def upgrade() -> None:
    """Make the counters, count, and have triggers count from now on."""
    op.create_table(
        "user_count",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "platform_admin",
                "tenant_admin",
                "administrator",
                "sales_engineer",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        *(sa.Column(cell, sa.Integer(), nullable=False) for cell in CELLS),
        sa.PrimaryKeyConstraint("tenant_id", "role", name=op.f("pk_user_count")),
    )
    # The first databases of schema 0001 lack it.
    op.drop_index("ix_user_account_tenant_counts", "user_account", if_exists=True)
    op.create_index(
        "ix_user_account_tenant_invited",
        "user_account",
        ["tenant_id", "name_key", "id"],
        sqlite_where=sa.text("first_sign_in_at IS NULL"),
        postgresql_where=sa.text("first_sign_in_at IS NULL"),
    )
    dialect = op.get_bind().dialect.name
    nil = NO_TENANT[dialect]
    tenant = f"COALESCE(tenant_id, {nil})"
    op.execute(
        f"INSERT INTO user_count (tenant_id, role, {', '.join(CELLS)}) "  # noqa: S608 - our names
        f"SELECT {tenant}, role, SUM(CASE WHEN active THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN active THEN 0 ELSE 1 END), "
        "SUM(CASE WHEN active AND first_sign_in_at IS NULL THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN NOT active AND first_sign_in_at IS NULL THEN 1 ELSE 0 END) "
        f"FROM user_account GROUP BY {tenant}, role"
    )
    for statement in _sqlite(nil) if dialect == "sqlite" else _postgresql(nil):
        op.execute(statement)


def _count(row: str, sign: str, nil: str) -> str:
    """Add a version of a user's row (`new` or `old`) to the counters, or take it away."""
    invited = f"{row}.first_sign_in_at IS NULL"
    values = ", ".join(
        f"{sign}(CASE WHEN {condition} THEN 1 ELSE 0 END)"
        for condition in (
            f"{row}.active",
            f"NOT {row}.active",
            f"{row}.active AND {invited}",
            f"NOT {row}.active AND {invited}",
        )
    )
    added = ", ".join(f"{cell} = user_count.{cell} + excluded.{cell}" for cell in CELLS)
    return (
        f"INSERT INTO user_count (tenant_id, role, {', '.join(CELLS)}) "  # noqa: S608 - our names
        f"VALUES (COALESCE({row}.tenant_id, {nil}), {row}.role, {values}) "
        f"ON CONFLICT (tenant_id, role) DO UPDATE SET {added};"
    )


def _sqlite(nil: str) -> list[str]:
    came, went = _count("new", "+", nil), _count("old", "-", nil)
    events = {
        "insert": ("INSERT", came),
        "update": ("UPDATE OF tenant_id, role, active, first_sign_in_at", went + came),
        "delete": ("DELETE", went),
    }
    return [
        f"CREATE TRIGGER user_count_{name} AFTER {event} ON user_account BEGIN {body} END"
        for name, (event, body) in events.items()
    ]


def _postgresql(nil: str) -> list[str]:
    # Deferred to the commit, the counters are the last rows that a transaction locks, and for the
    # shortest time. Transactions of one tenant can't wait for each other in a circle there: each
    # holds the end of the tenant's audit chain by then.
    return [
        f"""CREATE FUNCTION count_users() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN {_count("old", "-", nil)} END IF;
        IF TG_OP <> 'DELETE' THEN {_count("new", "+", nil)} END IF;
        RETURN NULL; END $$""",
        """CREATE CONSTRAINT TRIGGER user_count
        AFTER INSERT OR DELETE OR UPDATE OF tenant_id, role, active, first_sign_in_at
        ON user_account DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION count_users()""",
    ]
