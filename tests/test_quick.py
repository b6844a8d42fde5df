"""The short cuts of the tests really are taken: without them, the same tests take twice as long."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from models import Tenant
from services.database import migrations, rewritten_schemas
from services.database.engines import Database
from services.database.runtime import Runtime
from services.database.startup import started
from tests import replayed
from tests.conftest import make_settings


async def test_a_query_is_compiled_once_for_all_databases_of_a_kind(
    rollcall: Runtime, tenant: Tenant
) -> None:
    another, one_more = (Database(rollcall.settings.sqlalchemy_url) for _ in range(2))
    compiled = another.reader.sync_engine._compiled_cache
    assert compiled
    for engine in (another.writer, another.urgent, one_more.reader, one_more.urgent):
        assert engine.sync_engine._compiled_cache is compiled


def test_what_the_migrations_make_is_found_out_once() -> None:
    config = migrations._config()
    first = rewritten_schemas._made(config, ["0001", "0002"])
    assert "user_account" in first["0002"]
    assert rewritten_schemas._made(config, ["0002"])["0002"] is first["0002"]


def _everything_in(folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The lines of each definition, and the rows as statements; Alembic writes the constraints of
    a table that it makes again in any order."""
    with closing(sqlite3.connect(folder / "rollcall.db")) as database:
        made = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        rows = [line for line in database.iterdump() if line.startswith("INSERT")]
        lines = {
            name: sorted(line.strip(", \t") for line in sql.splitlines()) for name, sql in made
        }
        return lines, sorted(rows)


async def test_a_database_that_is_made_quickly_is_as_its_migrations_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(make_settings(tmp_path / "quickly")):
        pass
    monkeypatch.setattr(migrations, "_upgrade_from", replayed._migrate)
    async with started(make_settings(tmp_path / "migrated")):
        pass
    assert _everything_in(tmp_path / "quickly") == _everything_in(tmp_path / "migrated")
