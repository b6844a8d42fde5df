"""Schemas that carry a released number and differ from the released ones.

While 0.1 was made, some migrations were rewritten after databases may have been made with them, and
after 0.2.0 some had earlier numbers until others were put before them. `mend` brings such a
database to a schema of today's line, so that it upgrades like any other. What it doesn't know, it
refuses in words; then nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
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
# Numbers that were given before there were migrations of those below them.
AHEAD = ("0012", "0013", "0014", "0015")

Columns = dict[str, set[str]]
# SQLAlchemy's inspector asks for each table by itself, and parses its definition: it takes five
# times as long, at each start. (Hidden columns are those that a virtual table computes.)
_SQLITE_COLUMNS = """
SELECT made.name, part.name FROM sqlite_master AS made, pragma_table_xinfo(made.name) AS part
WHERE made.type = 'table' AND made.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND part.hidden <> 1
"""


def mend(connection: Connection, config: Config, scripts: ScriptDirectory, revision: str) -> None:
    """Bring a schema to that of its number in today's line of migrations, in the caller's
    transaction; the number may change. Raises `OperatorError`, also where the tables are others
    than that line makes."""
    revision = _mend_rewritten(connection, scripts, revision)
    made = _made(config, [revision])[revision]
    if _differences(_columns(connection), made):
        revision = _put_in_line(connection, config, scripts, revision)
        made = _made(config, [revision])[revision]
    _require(connection, revision, made)


def _mend_rewritten(connection: Connection, scripts: ScriptDirectory, revision: str) -> str:
    there = _columns(connection)
    if revision == "0006" and "closed_at" not in there.get("tenant", set()):
        # Second factors had this number for a while, and are 0005 now.
        return _renumber(connection, "0005")
    if revision == "0011" and "noted_head" not in there and "poc" not in there:
        # The lanes of mail had this number for a while, right after 0008.
        return _renumber(connection, "0009")
    if "login_challenge" in there and revision in {"0002", "0004"}:
        _remove_early_second_factors(connection)
    if revision == "0004" and "sso_connection" not in there:
        # Single sign-on was put between 0002 and 0004 later.
        _run(connection, scripts, "0003")
    return revision


def _put_in_line(
    connection: Connection, config: Config, scripts: ScriptDirectory, revision: str
) -> str:
    """Run the migrations that were put before some of those that made these tables, if that is how
    the tables differ; returns the number that they then have.

    A migration has run if all columns are there that it adds. How many have run must be the number
    that the database says, but for those numbers (`AHEAD`).
    """
    there, before = _flat(_columns(connection)), set[str]()
    adds: dict[str, set[str]] = {}
    for number, columns in _made(config, _line(scripts)).items():
        adds[number], before = _flat(columns) - before, _flat(columns)
    has_run = {number for number, added in adds.items() if added and added <= there}
    absent = [number for number, added in adds.items() if added and not added & there]
    if not has_run or not absent:
        return revision
    last = max(has_run)
    begin = max((number for number in has_run if number < absent[0]), default="")
    missing = [number for number in adds if begin < number < last and number not in has_run]
    # Whether those that add no column have run, the number alone tells: all of them, or none.
    loud = [number for number in missing if adds[number]]
    for wanted in (loud, missing):
        is_counted = int(revision) == int(last) - len(wanted)
        if set(loud) <= set(absent) and (is_counted or revision == last in AHEAD):
            for number in wanted:
                _run(connection, scripts, number)
            return _renumber(connection, last)
    return revision


def _line(scripts: ScriptDirectory) -> list[str]:
    return sorted(script.revision for script in scripts.walk_revisions())


def _run(connection: Connection, scripts: ScriptDirectory, revision: str) -> None:
    context = migration.MigrationContext.configure(connection, opts={"render_as_batch": True})
    with operations.Operations.context(context):
        scripts.get_revision(revision).module.upgrade()


def _renumber(connection: Connection, number: str) -> str:
    connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})
    return number


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
    _require(connection, revision, _newest())


def _require(connection: Connection, revision: str, expected: Columns) -> None:
    if differing := _differences(_columns(connection), expected):
        raise OperatorError(
            f"The database says that its schema is {revision}, and isn't like that of any release "
            f"({differing}). A development version made it, or it was changed by hand, and no "
            "version leads from it to this one. Restore a backup of a release. Or run the version "
            "that made it, export there what you need, and begin here with an empty database "
            "(docs/operations.md, Upgrades). Nothing was changed."
        )


def _differences(there: Columns, expected: Columns) -> str:
    missing = sorted(
        f"{table}.{column}"
        for table, columns in expected.items()
        for column in columns - there.get(table, set())
    )
    newest = _newest()
    extra = list((there.keys() & newest.keys()) - expected.keys())
    extra += [  # what a later migration adds, which would meet it
        f"{table}.{column}"
        for table, columns in expected.items()
        for column in (there.get(table, set()) & newest.get(table, set())) - columns
    ]
    if missing:
        return f"without {_some(missing)}"
    return f"with {_some(sorted(extra))}" if extra else ""


def _newest() -> Columns:
    return {
        table.name: {column.name for column in table.columns}
        for table in models.metadata.sorted_tables
    }


def _made(config: Config, revisions: Sequence[str]) -> dict[str, Columns]:
    """The tables as the migrations make them up to each of these revisions, which are in their
    order; made in memory to find out."""
    made = {}
    with create_engine("sqlite://").begin() as scratch:
        attributes, config.attributes["connection"] = config.attributes.get("connection"), scratch
        try:
            for revision in revisions:
                command.upgrade(config, revision)
                made[revision] = _columns(scratch)
            return made
        finally:
            config.attributes["connection"] = attributes


def _columns(connection: Connection) -> Columns:
    if connection.dialect.name == "sqlite":
        found = Columns()
        for table, column in connection.exec_driver_sql(_SQLITE_COLUMNS):
            found.setdefault(table, set()).add(column)
        return found
    tables = inspect(connection).get_multi_columns()
    return {name: {column["name"] for column in columns} for (_, name), columns in tables.items()}


def _flat(columns: Columns) -> set[str]:
    return {f"{table}.{name}" for table, names in columns.items() for name in names}


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
