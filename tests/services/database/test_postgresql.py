"""A PostgreSQL url: read once, as libpq reads it, and never shown."""

import asyncio
import time
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text

from services.core import postgresql_url
from services.core.errors import DatabaseUnavailableError, OperatorError
from services.core.settings import Settings
from services.database import postgresql
from services.database.engines import Database
from services.database.right_of_way import RightOfWay
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import reading
from tests.conftest import make_settings
from tests.postgres import PostgresServer
from tests.relay import Relay

SECRET = "hunter2swordfish"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("u:a%20b@h/d", {"password": "a b"}),
        ("u:a b@h/d", {"password": "a b"}),
        ("u:a+b@h/d", {"password": "a+b"}),
        ("u:a%40b%25%2F%3A%23@h/d", {"password": "a@b%/:#"}),
        ("u:a:b#c?d'e\"f\\@h/d", {"password": "a:b#c?d'e\"f\\"}),
        ("u:p@h1:5433,h2/d", {"host": "h1,h2", "port": "5433,", "connect_timeout": 2}),
        ("u:p@[::1]:5433/d", {"host": "::1", "port": "5433"}),
        ("u:p@%2Frun%2Fpostgresql/d", {"host": "/run/postgresql"}),
        ("/d?host=/run/postgresql&user=u", {"host": "/run/postgresql", "user": "u"}),
        ("u:p@h/d?options=-c%20a%3Db&sslmode=require", {"options": "-c a=b", "sslmode": "require"}),
        ("u:p@h/d?connect_timeout=3&keepalives=0", {"connect_timeout": "3", "keepalives": "0"}),
    ],
)
def test_a_url_is_read_as_libpq_reads_it(url: str, expected: dict[str, object]) -> None:
    for scheme in ("postgresql", "postgresql+psycopg"):
        found = postgresql_url.arguments(f"{scheme}://{url}")
        assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    "url",
    [
        f"u:a@{SECRET}@h/d",
        f"u:a/{SECRET}@h/d",
        f"u:1/{SECRET}@h/d",
        f"u:{SECRET}/d",
        f"u:%{SECRET}@h/d",
        f"u:%00{SECRET}@h/d",
        f"u:p@h:{SECRET}/d",
        f"u:p@[{SECRET}/d",
        f"u:p@h/d?password=a&{SECRET}",
        f"u:p@h/d?password=a={SECRET}",
        f"u:p@h/d?{SECRET}=1",
        f"u:{SECRET}@h/d?host=h1:1&host=h2:2",
    ],
)
def test_what_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(OperatorError) as refused:
        postgresql_url.arguments(f"postgresql://{url}")
    assert SECRET not in str(refused.value)
    assert "%40" in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.postgresql
async def test_who_asks_a_database_that_went_silent_waits_ten_seconds_at_most(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = postgres_server.create_database()
    async with Relay().before(postgres_server.port) as relay:
        url = postgres_server.url(name, relay.port)
        async with started(make_settings(tmp_path_factory.mktemp("data"), url)):
            await asyncio.gather(*(_ask() for _ in range(4)))  # connections to fall silent
            relay.talks.clear()
            # More than the pool has: the last ones wait for those before them.
            answers = await asyncio.gather(*(_timed() for _ in range(40)))
            later = await asyncio.gather(*(_timed() for _ in range(20)))
            relay.talks.set()
            assert {refused for refused, _ in answers + later} == {True}
            longest = max(seconds for _, seconds in answers + later)
            assert longest < 4 * 10, "four times, as others use the machine"
            async with asyncio.timeout(60):
                while True:
                    with suppress(DatabaseUnavailableError):
                        await _ask()
                        break
                    await asyncio.sleep(0.2)


async def test_a_connection_without_an_answer_is_told_in_words_and_the_next_fails_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "REST_SECONDS", 3600)

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        server = postgresql.Server(f"postgresql://u:p@127.0.0.1:{port}/d", RightOfWay())
        with pytest.raises(psycopg.errors.ConnectionTimeout, match="the server doesn't answer"):
            await server.connect()
    # Nobody listens there any more: whoever asked would be refused in other words.
    with pytest.raises(psycopg.errors.ConnectionTimeout, match="the server doesn't answer"):
        await server.connect()


@pytest.mark.postgresql
@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
async def test_a_statement_may_take_longer_while_the_server_answers_others(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "DOUBT_SECONDS", 0.2)
    async with reading() as tx:
        assert (await tx.exec(text("SELECT 1 FROM pg_sleep(1.5)"))).one()  # type: ignore[call-overload]  # SQLModel has no type for it


async def _ask() -> None:
    async with reading() as tx:
        await tx.exec(text("SELECT 1"))  # type: ignore[call-overload]  # SQLModel has no type for it


async def _timed() -> tuple[bool, float]:
    begun = time.monotonic()
    try:
        await _ask()
    except DatabaseUnavailableError:
        return True, time.monotonic() - begun
    return False, time.monotonic() - begun


@pytest.mark.postgresql
async def test_a_database_that_is_not_utf8_is_refused(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    settings: Settings = make_settings(
        tmp_path_factory.mktemp("data"), postgres_server.url("latin")
    )
    with pytest.raises(OperatorError, match=r"encoding is LATIN1.*ENCODING 'UTF8'"):
        async with started(settings):
            pass
    postgres_server.drop_database("latin")


def test_a_url_leaves_no_trace_in_the_engine() -> None:
    database = Database(f"postgresql+psycopg://u:{SECRET}@127.0.0.1:9/d")
    assert SECRET not in repr(database.writer) + str(database.writer.url)


@pytest.mark.postgresql
@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
async def test_a_hang_up_amid_a_query_is_no_warning(
    rollcall: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask() -> None:
        async with reading() as tx:
            await tx.exec(text("select pg_sleep(60)"))  # type: ignore[call-overload]  # no model's

    asked = asyncio.create_task(ask())
    async with asyncio.timeout(60):
        while not await _sleeps(rollcall):  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(0.05)
        asked.cancel()
        await asyncio.sleep(0)
        asked.cancel()  # as the web server does while it waits for the first one
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert [record for record in caplog.records if record.name == "psycopg"] == []


async def _sleeps(rollcall: Runtime) -> bool:
    async with rollcall.database.writer.connect() as connection:
        asks = "select 1 from pg_stat_activity where state = 'active' and query = :query"
        found = await connection.execute(text(asks), {"query": "select pg_sleep(60)"})
        return found.first() is not None
