"""Brings the database's schema up to the code's, in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

import models.migrations
from services import runtime, search_index
from services.errors import DatabaseUnavailableError, OperatorError

# Any number does, as long as nothing else in the database takes the same (PostgreSQL's manual,
# Advisory Locks): of several replicas that start at once, one migrates.
ADVISORY_LOCK = 7_605_115


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(models.migrations.__file__).parent).replace("%", "%%")
    )
    return config


async def migrate() -> tuple[str | None, str]:
    """Migrate to the newest schema, and make the search's index where it is missing; returns the
    revisions before and after.

    Raises `OperatorError` where the database is newer than this code or can't be reached.
    A failed migration changes nothing: it is one transaction on both databases.
    """
    try:
        async with runtime.current().database.writer.begin() as connection:
            return await connection.run_sync(_upgrade)
    except (OperationalError, OSError) as error:
        raise OperatorError(
            f"Can't open the database: {_reason(error)}. "
            "Check ROLLCALL_DATABASE_URL and ROLLCALL_DATA_DIR."
        ) from error


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head() or ""
    before = MigrationContext.configure(connection).get_current_revision()
    if before is not None and before not in {
        script.revision for script in scripts.walk_revisions()
    }:
        raise OperatorError(
            f"The database is newer than this Rollcall (its schema is {before}, the newest known "
            f"is {head}). Run the newer Rollcall, or restore an older backup."
        )
    if before != head:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except SQLAlchemyError as error:
            raise OperatorError(
                f"Bringing the database to schema {head} failed: {_reason(error)}. It is as it was"
                + (f", of schema {before}: run the Rollcall that ran on it." if before else ".")
            ) from error
    has_index = search_index.build(connection)
    runtime.current().database.has_trigram_table = has_index and connection.dialect.name == "sqlite"
    return before, head


async def is_ready() -> bool:
    """Whether the database answers and has this code's schema, or that of a newer Rollcall.

    While replicas are upgraded one by one, the first new one migrates the database under the old
    ones. Migrations only add what old code needn't know, so the old ones serve on.
    """
    try:
        async with runtime.current().database.reader.connect() as connection:
            current = await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    except (OperationalError, OSError, TimeoutError, DatabaseUnavailableError):
        return False
    scripts = ScriptDirectory.from_config(_config())
    older = {script.revision for script in scripts.walk_revisions()} - {scripts.get_current_head()}
    return current is not None and current not in older


def _reason(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0]
