"""Copies a stopped Rollcall's embedded database into an empty PostgreSQL database.

The source is a copy: checked, and migrated if it is older; the database itself stays as it is.
Everything arrives in one transaction, tables included, or nothing does. Keys aren't in the
database, so what is sealed stays as it is.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from models import BusMessage, FileChunk, metadata
from models.migrations import search_index
from services.audit.check import BrokenLink, verify
from services.core.errors import OperatorError
from services.core.setting_types import check_database_url
from services.core.settings import Settings
from services.database.engines import Database
from services.database.migrations import upgrade_tables
from services.database.startup import require_database, started
from services.operations.database_file import copy_whole, held, remove

BATCH = 1000
# How many rows are copied at once; rows of a quarter of a megabyte each are copied in smaller
# numbers.
HEAVY_BATCH, HEAVY = 20, frozenset({FileChunk.__tablename__})
# What processes on one SQLite file tell each other; on PostgreSQL they need no table for it.
LEFT_OUT = frozenset({BusMessage.__tablename__})


@dataclass(frozen=True)
class Moved:
    """The result: how many rows each table has on both sides, how many entries of the audit log
    hold on both sides, and the first that doesn't."""

    rows: dict[str, int]
    entries: int
    broken: BrokenLink | None


async def move(settings: Settings, url: str) -> Moved:
    """Copy everything to the PostgreSQL database at this url.

    Raises `OperatorError` if something has the embedded database open, if the other database isn't
    empty, or if the two don't agree in the end. The embedded one is never changed.
    """
    if not settings.is_sqlite:
        raise OperatorError("Rollcall is on PostgreSQL already: `move` moves from SQLite to it.")
    require_database(settings)
    there = settings.model_copy(update={"database_url": _target(url)})
    copy = settings.database_file.with_name(f"{settings.database_file.name}.moving")
    beside = settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{copy}")})
    # Nobody can start Rollcall on the database meanwhile: what it wrote would be left behind.
    with held(settings.database_file) as source:
        try:
            _copy(source, copy)
            async with started(beside):
                checked = await verify()
            rows = await _fill(Database(there.sqlalchemy_url), copy)
            async with started(there):
                arrived = await verify()
        finally:
            remove(copy)
    if arrived != checked:
        raise OperatorError(
            "The audit logs of the two databases differ. Go on with the embedded database, which "
            "is as it was, and remove the other."
        )
    return Moved(rows, *checked)


def _target(url: str) -> SecretStr:
    if not url.strip().startswith("postgres"):
        raise OperatorError(
            "The database to move to: its url must start with postgresql://. Write it to standard "
            "input, or set ROLLCALL_MOVE_TO."
        )
    try:
        return check_database_url(SecretStr(url))
    except ValueError as error:
        raise OperatorError(f"The database to move to: its url {str(error).rstrip('.')}.") from None


def _copy(source: sqlite3.Connection, copy: Path) -> None:
    verdict = copy_whole(source, copy)
    if verdict != "ok":
        raise OperatorError(f"The database is damaged: {verdict}. Restore a backup first.")


async def _fill(target: Database, copy: Path) -> dict[str, int]:
    engine = create_engine(f"sqlite:///{copy}", hide_parameters=True)
    try:
        async with target.writer.begin() as connection:
            return await connection.run_sync(_fill_tables, engine)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise OperatorError(
            f"Nothing was moved: {reason}. The embedded database is as it was, and the other is "
            "empty."
        ) from error
    finally:
        engine.dispose()
        await target.close()


def _fill_tables(target: Connection, engine: Engine) -> dict[str, int]:
    """Make the tables and fill them, in the caller's transaction; returns the rows of each."""
    found = inspect(target).get_table_names()
    if found:
        raise OperatorError(
            f"The database to move to isn't empty: it has the table {found[0]}. Make a new one "
            "(createdb), and let nothing but this command write to it first."
        )
    upgrade_tables(target)
    tables = [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]
    for table in reversed(tables):
        target.execute(table.delete())  # a migration inserts some
    for table in tables:
        # What they keep up to date (the counts of users) is in tables of its own, and comes along.
        _set_triggers(target, table, "DISABLE")
    with engine.connect() as source:
        rows = {table.name: _fill_table(source, target, table) for table in tables}
    for table in tables:
        _set_triggers(target, table, "ENABLE")
        _set_sequence(target, table)
        arrived = _count(target, table)
        if arrived != rows[table.name]:
            raise OperatorError(
                f"Nothing was moved: of {rows[table.name]} rows in {table.name}, {arrived} arrived."
            )
    search_index.build(target)
    return rows


def _fill_table(source: Connection, target: Connection, table: Table) -> int:
    """Copy the rows, in the order of their keys; returns how many the source has."""
    batch_size = HEAVY_BATCH if table.name in HEAVY else BATCH
    found = source.execution_options(yield_per=batch_size).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    for batch in found.mappings().partitions():
        target.execute(table.insert(), [dict(row) for row in batch])
    return _count(source, table)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _set_triggers(target: Connection, table: Table, state: str) -> None:
    """Switch our own triggers of a table off or on; those of foreign keys stay on."""
    target.execute(text(f'ALTER TABLE "{table.name}" {state} TRIGGER USER'))


def _set_sequence(target: Connection, table: Table) -> None:
    """Have the database's own sequences go on after the copied numbers."""
    column = table.autoincrement_column
    if column is not None:
        target.execute(
            text(
                "SELECT setval(pg_get_serial_sequence(:table, :column), "  # noqa: S608 - our names
                f'greatest(max("{column.name}"), 1), max("{column.name}") IS NOT NULL) '
                f'FROM "{table.name}"'
            ),
            {"table": table.name, "column": column.name},
        )
