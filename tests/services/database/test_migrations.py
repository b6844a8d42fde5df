"""The migrations make exactly the tables that the models describe."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

import models
from models.migrations import search_index
from services.core.errors import OperatorError
from services.database import migrations
from services.database.migrations import migrate
from services.database.runtime import Runtime

WRITTEN_BY_THE_FIRST = Path(__file__).parents[1] / "schemas" / "0001.sql"


def _is_described(_item: object, name: str | None, *_: object) -> bool:
    """The search's index depends on what the database can, so no model describes it."""
    return not (name or "").startswith(("user_search", search_index.INDEX))


def _differences(connection: Connection) -> list[object]:
    opts = {"compare_type": True, "include_object": _is_described}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, models.metadata))


async def test_a_migrated_database_is_what_the_models_say(rollcall: Runtime) -> None:
    async with rollcall.database.reader.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_migrating_again_changes_nothing(rollcall: Runtime) -> None:
    before, after = await migrate()
    assert before == after
    assert await _is_ready()


async def test_a_database_newer_than_the_code_is_refused_at_the_start(rollcall: Runtime) -> None:
    await _set_revision(rollcall, "9999")
    with pytest.raises(OperatorError, match="newer than this Rollcall"):
        await migrate()


async def test_who_serves_already_goes_on_when_a_newer_replica_migrates(rollcall: Runtime) -> None:
    await _set_revision(rollcall, "9999")
    assert await _is_ready()


async def test_a_database_older_than_the_code_is_not_ready(rollcall: Runtime) -> None:
    await _set_revision(rollcall, "0001")
    assert not await _is_ready()


def test_the_newest_schema_takes_what_the_first_version_writes(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """Replicas are upgraded one by one: migrations only add what older code needn't know."""
    shutil.copyfile(sqlite_template, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as database:
        database.executescript(WRITTEN_BY_THE_FIRST.read_text(encoding="utf-8"))
        assert database.execute("SELECT count(*) FROM user_account").fetchone()[0] > 1


async def _is_ready() -> bool:
    revision, _ = await migrations.schema()
    return not migrations.is_too_old(revision)


async def _set_revision(rollcall: Runtime, revision: str) -> None:
    async with rollcall.database.writer.begin() as connection:
        await connection.execute(
            text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
        )
