"""Tests that use a database one after the other: none finds what another has left."""

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests import factories
from tests.conftest import make_settings
from tests.lent import TABLES, Lender
from tests.postgres import PostgresServer
from tests.quick import started_on_copy


@pytest.fixture
def lender(postgres_server: PostgresServer) -> Iterator[Lender]:
    lender = Lender(postgres_server)
    yield lender
    lender.close()


def _rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        tables = connection.execute(TABLES).fetchall()
        return {
            name: connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(name))).fetchall()
            for name, _ in tables
        }


async def _write(folder: Path, url: str) -> None:
    async with started_on_copy(make_settings(folder, url)):
        user = await factories.create_admin(await factories.create_tenant())
        await factories.sign_in(user)


async def test_a_database_that_is_lent_again_has_the_rows_that_it_began_with(
    lender: Lender, tmp_path: Path
) -> None:
    with lender.lend() as url:
        at_first = _rows(url)
        await _write(tmp_path, url)
        assert _rows(url) != at_first
    with lender.lend() as again:
        assert (again, _rows(again)) == (url, at_first)
        await _write(tmp_path, again)  # by the session that served the first


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE tenant ADD COLUMN more integer",
        "CREATE TEMPORARY TABLE more ()",
        "ANALYZE tenant",
        "ALTER DATABASE {} SET lock_timeout = 1",
    ],
)
def test_a_database_whose_definitions_were_touched_isn_t_lent_again(
    lender: Lender, statement: LiteralString
) -> None:
    with lender.lend() as url, psycopg.connect(url) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL(statement).format(name))
    with lender.lend() as other:
        assert other != url


def test_a_session_that_a_test_leaves_open_ends_with_it(lender: Lender) -> None:
    with lender.lend() as url:
        left = psycopg.connect(url)
        left.execute("LOCK TABLE tenant")
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()
    with lender.lend() as again:
        assert again == url
