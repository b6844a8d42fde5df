"""Schemas that carry a released number and differ from the released ones.

While 0.1 was made, some migrations were rewritten after databases may have been made with them.
`mend` brings such a database to the released schema of its number, so that it upgrades like any
other. What it doesn't know, `require_released` refuses in words, before anything is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, inspect, text

import models
from services.core.errors import OperatorError
from services.core.lazily import lazily

if TYPE_CHECKING:
    from alembic import command, operations
    from alembic.config import Config
    from alembic.runtime import migration
    from alembic.script import ScriptDirectory
else:
    command, operations = lazily("alembic.command"), lazily("alembic.operations")
    migration = lazily("alembic.runtime.migration")

# Tables of second factors that were removed from schemas 0002 to 0004; no page led to them.
REMOVED = ("login_challenge", "passkey", "recovery_code", "authenticator")
REMOVED_COLUMNS = {"tenant": "second_factor_policy", "user_account": "has_second_factor"}

Columns = dict[str, set[str]]


def mend(connection: Connection, scripts: ScriptDirectory, revision: str) -> str:
    """Bring a schema of an early number to the released one of that number, in the caller's
    transaction; returns the number, which may have changed. Raises `OperatorError`."""
    there = _columns(connection)
    if revision == "0006" and "closed_at" not in there.get("tenant", set()):
        # Second factors had this number for a while, and are 0005 now.
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
        return "0005"
    if "login_challenge" in there and revision in {"0002", "0004"}:
        _remove_early_second_factors(connection)
    if revision == "0004" and "sso_connection" not in there:
        # Single sign-on was put between 0002 and 0004 later.
        context = migration.MigrationContext.configure(connection, opts={"render_as_batch": True})
        with operations.Operations.context(context):
            scripts.get_revision("0003").module.upgrade()
    return revision


def _remove_early_second_factors(connection: Connection) -> None:
    for table in REMOVED:
        if connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).first():  # noqa: S608 - our own names
            raise OperatorError(
                f"The database was made by an early development version, and its {table} holds "
                "what no release can take over. Empty that table, then start again."
            )
        connection.execute(text(f"DROP TABLE {table}"))
    for table, column in REMOVED_COLUMNS.items():
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))


def require_newest(connection: Connection, revision: str) -> None:
    """Refuse a database whose tables don't match this code although its schema has this code's
    number. Raises `OperatorError` that names the differences."""
    expected = {
        table.name: {column.name for column in table.columns}
        for table in models.metadata.sorted_tables
    }
    _require(connection, revision, expected)


def require_released(connection: Connection, config: Config, revision: str) -> None:
    """The same for the tables of an earlier number, as its migrations make them."""
    _require(connection, revision, _released(config, revision))


def _require(connection: Connection, revision: str, expected: Columns) -> None:
    there = _columns(connection)
    missing = sorted(
        f"{table}.{column}"
        for table, columns in expected.items()
        for column in columns - there.get(table, set())
    )
    known = {table.name for table in models.metadata.sorted_tables}
    extra = sorted((there.keys() & known) - expected.keys())
    if missing or extra:
        differing = f"without {_some(missing)}" if missing else f"with {_some(extra)}"
        raise OperatorError(
            f"The database says that its schema is {revision}, and isn't like that of any release "
            f"({differing}). A development version made it, or it was changed by hand. Restore a "
            "backup of a release, or start with an empty database. Nothing was changed."
        )


def _released(config: Config, revision: str) -> Columns:
    """The tables that the migrations make up to this revision; made in memory to find out."""
    with create_engine("sqlite://").begin() as scratch:
        attributes, config.attributes["connection"] = config.attributes.get("connection"), scratch
        try:
            command.upgrade(config, revision)
            return _columns(scratch)
        finally:
            config.attributes["connection"] = attributes


def _columns(connection: Connection) -> Columns:
    tables = inspect(connection).get_multi_columns()
    return {name: {column["name"] for column in columns} for (_, name), columns in tables.items()}


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
