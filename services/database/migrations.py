"""Brings the database's schema up to the code's, in one transaction."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

import models.migrations
from models.migrations import search_index
from services.core import folders
from services.core.errors import OperatorError
from services.core.lazily import lazily
from services.database import rewritten_schemas, runtime

if TYPE_CHECKING:
    from alembic import command, config, script
else:
    command, config = lazily("alembic.command"), lazily("alembic.config")
    script = lazily("alembic.script")

# Any number will do, if nothing else in the database uses the same one (PostgreSQL's manual,
# Advisory Locks): of several replicas that start at once, one migrates.
ADVISORY_LOCK = 7_605_115


def _folder() -> Path:
    return Path(models.migrations.__file__).parent


def _config() -> config.Config:
    made = config.Config()
    made.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    return made


async def migrate(*, may_create: bool = True) -> tuple[str | None, str]:
    """Migrate to the newest schema, and make the search's index where it is missing; returns the
    revisions before and after.

    Raises `OperatorError` where the database is newer than this code, can't be reached, isn't
    Rollcall's, or is empty and this may not create its tables.
    A failed migration changes nothing: it is one transaction on both databases.
    """
    try:
        async with runtime.current().database.writer.begin() as connection:
            return await connection.run_sync(_upgrade, may_create)
    except (OperationalError, OSError) as error:
        told = _folder_troubles() or ["Check ROLLCALL_DATABASE_URL and ROLLCALL_DATA_DIR."]
        raise OperatorError(
            f"Can't open the database: {_reason(error)}. {' '.join(told)}"
        ) from error


def _folder_troubles() -> list[str]:
    database = runtime.current().database
    if not database.is_sqlite or not database.url.database:
        return []
    return folders.troubles(Path(database.url.database).parent)


def _upgrade(connection: Connection, may_create: bool) -> tuple[str | None, str]:
    before, head = upgrade_tables(connection, may_create=may_create)
    has_index = search_index.build(connection)
    runtime.current().database.has_trigram_table = has_index and connection.dialect.name == "sqlite"
    return before, head


def upgrade_tables(connection: Connection, *, may_create: bool = True) -> tuple[str | None, str]:
    """Bring the tables to the newest schema, in the caller's transaction; returns the revisions
    before and after. Raises `OperatorError`."""
    if connection.dialect.name == "postgresql":
        _require_utf8(connection)
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another replica may take minutes
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    head, before = _known()[-1], _revision(connection)
    if before is None and not may_create:
        raise OperatorError(
            "The database has no tables of Rollcall's. Check ROLLCALL_DATABASE_URL and "
            "ROLLCALL_DATA_DIR; `serve` and `migrate` make them."
        )
    if before is not None and before not in _known():
        raise OperatorError(
            f"The database is newer than this Rollcall (its schema is {before}, the newest known "
            f"is {head}). Run the newer Rollcall, or restore an older backup."
        )
    if before == head:
        rewritten_schemas.require_newest(connection, head)
    else:
        _upgrade_from(connection, before)
    return before, head


def _upgrade_from(connection: Connection, before: str | None) -> None:
    wanted = _config()
    try:
        if before is not None:
            scripts = script.ScriptDirectory.from_config(wanted)
            rewritten_schemas.mend(connection, wanted, scripts, before)
        wanted.attributes["connection"] = connection
        command.upgrade(wanted, "head")
    except SQLAlchemyError as error:
        raise OperatorError(
            f"Bringing the database to schema {_known()[-1]} failed: {_reason(error)}. "
            "It is as it was"
            + (f", of schema {before}: run the Rollcall that ran on it." if before else ".")
        ) from error


def _revision(connection: Connection) -> str | None:
    """The schema's number, which Alembic keeps in a table of its own; none where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _require_utf8(connection: Connection) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise OperatorError(
            f"The database's encoding is {encoding}, in which not every name can be written. Make "
            "another one, and let ROLLCALL_DATABASE_URL lead to it: "
            "CREATE DATABASE rollcall ENCODING 'UTF8' TEMPLATE template0."
        )


async def schema() -> tuple[str | None, str]:
    """The revisions of the database's schema and of the newest one that this code knows.

    Raises `SQLAlchemyError` or `OSError` where the database doesn't answer.
    """
    async with runtime.current().database.reader.connect() as connection:
        current = await connection.run_sync(_revision)
    return current, _known()[-1]


def is_too_old(revision: str | None) -> bool:
    """Whether this code can't work on this schema. It can on that of a newer Rollcall.

    While replicas are upgraded one by one, the first new one migrates the database under the old
    ones. Migrations only add what old code needn't know, so the old ones serve on.
    """
    return revision is None or revision in _known()[:-1]


def _known() -> tuple[str, ...]:
    """Every revision, the newest last."""
    return _revisions(_folder())


@cache
def _revisions(folder: Path) -> tuple[str, ...]:
    """Each file is called by its own. (Alembic would read them all, at each start.)"""
    return tuple(sorted(path.name[:4] for path in folder.glob("versions/[0-9]*.py")))


def _reason(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0]
