"""Counts changed rows of a database, for a walk over many calls: comparing the whole database after
each call would take most of the walk's time."""

from sqlalchemy import text
from sqlmodel import SQLModel

from services.database import runtime
from services.database.transaction import reading, transaction

_TOLD = "CREATE TABLE rows_changed (number INTEGER)"
_TELL = "INSERT INTO rows_changed VALUES (1)"
_POSTGRESQL = f"""
CREATE FUNCTION tell_change() RETURNS trigger AS $$ BEGIN
    IF TG_OP <> 'UPDATE' OR OLD::text IS DISTINCT FROM NEW::text THEN
        {_TELL};
    END IF;
    RETURN NULL;
END $$ LANGUAGE plpgsql
"""


async def begin_to_count() -> None:
    """Count from here on; writing the same values again is no change."""
    database = runtime.current().database
    statements = [_TOLD, *(_on_sqlite() if database.is_sqlite else _on_postgresql())]
    async with transaction() as tx:
        connection = await tx.connection()
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def count_all() -> int:
    """How many rows were added, changed or removed since."""
    async with reading() as tx:
        connection = await tx.connection()
        found = await connection.execute(text("SELECT count(*) FROM rows_changed"))
        return int(found.scalar_one())


def _on_sqlite() -> list[str]:
    statements = []
    for table in SQLModel.metadata.sorted_tables:
        names = [f'"{column.name}"' for column in table.columns]
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in names)
        for act, when in (("INSERT", ""), ("UPDATE", f"WHEN {changed}"), ("DELETE", "")):
            begin = f'CREATE TRIGGER "told_{act}_{table.name}" AFTER {act} ON "{table.name}"'
            statements.append(f"{begin} {when} BEGIN {_TELL}; END")
    return statements


def _on_postgresql() -> list[str]:
    return [
        _POSTGRESQL,
        *(
            f'CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON "{table.name}" '
            "FOR EACH ROW EXECUTE FUNCTION tell_change()"
            for table in SQLModel.metadata.sorted_tables
        ),
    ]
