"""Count each tenant's POCs as they change, so that no page has to count them all."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

CHANGES = "UPDATE OF tenant_id, status, archived_at"


def upgrade() -> None:
    """Make the counters, count, and have triggers count from now on."""
    op.create_table(
        "poc_count",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("pocs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "status", name=op.f("pk_poc_count")),
    )
    op.execute(
        "INSERT INTO poc_count (tenant_id, status, pocs) SELECT tenant_id, status, COUNT(*) "
        "FROM poc WHERE archived_at IS NULL GROUP BY tenant_id, status"
    )
    for statement in _sqlite() if op.get_bind().dialect.name == "sqlite" else _postgresql():
        op.execute(statement)


def _count(row: str, sign: str) -> str:
    """Add a version of a POC's row (`new` or `old`) to the counters, or take it away."""
    return (
        "INSERT INTO poc_count (tenant_id, status, pocs) "  # noqa: S608 - our names
        f"VALUES ({row}.tenant_id, {row}.status, "
        f"{sign}(CASE WHEN {row}.archived_at IS NULL THEN 1 ELSE 0 END)) "
        "ON CONFLICT (tenant_id, status) DO UPDATE SET pocs = poc_count.pocs + excluded.pocs;"
    )


def _sqlite() -> list[str]:
    came, went = _count("new", "+"), _count("old", "-")
    events = {
        "insert": ("INSERT", came),
        "update": (CHANGES, went + came),
        "delete": ("DELETE", went),
    }
    return [
        f"CREATE TRIGGER poc_count_{name} AFTER {event} ON poc BEGIN {body} END"
        for name, (event, body) in events.items()
    ]


def _postgresql() -> list[str]:
    # As the users are counted: the counters are the last rows that a transaction locks.
    return [
        f"""CREATE FUNCTION count_pocs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN {_count("old", "-")} END IF;
        IF TG_OP <> 'DELETE' THEN {_count("new", "+")} END IF;
        RETURN NULL; END $$""",
        f"""CREATE CONSTRAINT TRIGGER poc_count AFTER INSERT OR DELETE OR {CHANGES}
        ON poc DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_pocs()""",
    ]
