"""Ready means able: each trouble is a check that says so, with what to do."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from models import SsoConnection, Tenant
from services.core import clock
from services.core.settings import Settings
from services.database import postgresql, postgresql_transport, right_of_way, runtime, vault
from services.database.postgresql_transport import DEAF
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import transaction
from services.operations import readiness
from services.operations.readiness import Check
from tests.browser.waiting import PATIENCE, eventually
from tests.conftest import ONE_DATABASE, make_settings
from tests.pgbouncer import pooling
from tests.postgres import PostgresServer


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a busy machine's database takes its time is no trouble, but where a test is about it;
    and its disk and memory are its own."""
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", PATIENCE)
    monkeypatch.setattr(readiness, "LOW_DISK", 0)


@pytest.fixture
async def serving(rollcall: Runtime) -> AsyncIterator[None]:
    """This process listens, as one that serves does."""
    async with _listening():
        await eventually(lambda: not runtime.current().transport.deaf_because)
        yield


@asynccontextmanager
async def _listening() -> AsyncIterator[None]:
    task = asyncio.create_task(runtime.current().transport.receive())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _troubles() -> list[Check]:
    return readiness.troubles(await readiness.recent())


async def _execute(rollcall: Runtime, statement: str) -> None:
    async with rollcall.database.writer.begin() as connection:
        await connection.execute(text(statement))


async def _seal_something(tenant: Tenant) -> None:
    async with transaction() as tx:
        tx.add(
            SsoConnection(
                tenant_id=tenant.id,
                name="Test",
                issuer="https://sso.example.com",
                client_id="rollcall",
                sealed_secret=vault.seal("secret"),
                created_at=clock.now(),
            )
        )


@pytest.mark.usefixtures("serving")
async def test_who_is_able_is_ready(rollcall: Runtime) -> None:
    checks = await readiness.recent()
    assert {check.name for check in checks} == {
        *("schema", "file", "writing", "keys", "folder", "disk", "hearing")
    }
    assert readiness.troubles(checks) == []
    assert [check.name for check in await readiness.look()] == [check.name for check in checks]


async def test_who_does_not_listen_is_not_ready(rollcall: Runtime) -> None:
    assert [check.name for check in await _troubles()] == ["hearing"]


@pytest.mark.usefixtures("serving")
async def test_a_schema_older_than_the_code_is_told(rollcall: Runtime) -> None:
    await _execute(rollcall, "UPDATE alembic_version SET version_num = '0001'")
    (trouble,) = await _troubles()
    assert "main.py migrate" in trouble.sentence


@pytest.mark.usefixtures("serving")
async def test_what_cannot_be_written_is_told_until_it_can(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEEP_FAILED_SECONDS", 0)
    await _execute(rollcall, "ALTER TABLE bus_message RENAME TO elsewhere")
    trouble = next(found for found in await _troubles() if found.name == "writing")
    assert "bus_message" in trouble.detail
    assert "bus_message" not in trouble.sentence, "anybody may read it"
    await _execute(rollcall, "ALTER TABLE elsewhere RENAME TO bus_message")
    async with asyncio.timeout(PATIENCE):  # who listens may have missed the table, and tries again
        while await _troubles():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


@ONE_DATABASE
async def test_what_tries_to_write_does_not_wait_for_acts_that_may_wait_for_it(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    async with asyncio.timeout(PATIENCE):
        with rollcall.database.right_of_way.given(None):
            assert (await readiness.look_at("writing")).ok


@pytest.mark.usefixtures("serving")
async def test_asking_all_the_time_writes_once(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEEP_SECONDS", 3600)
    await asyncio.gather(*(readiness.recent() for _ in range(50)))
    for _ in range(50):
        await readiness.recent()
    async with rollcall.database.reader.connect() as connection:
        rows = await connection.execute(text("SELECT count(*) FROM bus_message"))
        assert rows.scalar_one() == 1


@pytest.mark.usefixtures("serving")
async def test_a_database_that_does_not_answer_is_told_without_waiting_for_it(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", 0.1)
    async with rollcall.database.writer.begin() as connection:
        await connection.execute(text("DELETE FROM alembic_version WHERE version_num = 'none'"))
        if not rollcall.database.is_sqlite:
            await connection.execute(text("LOCK TABLE bus_message"))
        assert "for some seconds" in (await _troubles())[0].sentence
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", PATIENCE)
    assert await _troubles() == []


@pytest.mark.usefixtures("serving")
async def test_lost_keys_are_told(rollcall: Runtime, tenant: Tenant) -> None:
    await _seal_something(tenant)
    (rollcall.settings.data_dir / vault.KEYS_FILE).unlink()
    (trouble,) = await _troubles()
    assert "keys" in trouble.sentence
    assert "Restore encryption-keys" in trouble.detail


async def test_a_lost_key_is_told_also_where_nothing_is_sealed_yet(rollcall: Runtime) -> None:
    (rollcall.settings.data_dir / vault.KEYS_FILE).unlink()
    found = await readiness.look_at("keys")
    assert (found.ok, found.vital, found.sentence) == (False, False, vault.NO_KEY)


async def test_each_trouble_is_logged_once_with_what_to_do(
    rollcall: Runtime, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await _seal_something(tenant)
    for path in rollcall.settings.data_dir.iterdir():
        path.chmod(0o600)
    path = rollcall.settings.data_dir / vault.KEYS_FILE
    keys = path.read_text()
    path.unlink()
    for _ in range(2):
        await readiness.tell()
    path.write_text(keys)
    path.chmod(0o644)
    await readiness.tell()
    told = [
        line.getMessage() for line in caplog.records if line.name == "services.operations.readiness"
    ]
    assert [vault.LOST in line for line in told] == [True, False, False]
    assert "can be opened" in told[1]
    assert f"chmod 600 {path}" in told[2]


async def test_what_a_probe_meets_first_is_logged_then(
    rollcall: Runtime, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    await _seal_something(tenant)
    (rollcall.settings.data_dir / vault.KEYS_FILE).unlink()
    for _ in range(2):
        await readiness.recent()
    told = [line.getMessage() for line in caplog.records if vault.LOST in line.getMessage()]
    assert len(told) == 1


async def test_little_room_is_a_warning(rollcall: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOW_DISK", 1 << 62)
    (disk,) = [check for check in await readiness.look() if check.name == "disk"]
    assert not disk.ok
    assert not disk.vital
    assert "make room" in disk.sentence


@pytest.fixture
def pooled(
    postgres_server: PostgresServer, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Settings]:
    """Settings that lead to a database through pgbouncer in this mode."""
    name = postgres_server.create_database()
    with pooling(postgres_server, request.param, name) as url:
        yield make_settings(tmp_path, url)
    postgres_server.drop_database(name)


@pytest.mark.postgresql
@pytest.mark.parametrize("pooled", ["transaction"], indirect=True)
async def test_a_proxy_that_pools_transactions_is_told(
    pooled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_transport, "ECHO_SECONDS", 1)
    async with started(pooled), _listening():
        await eventually(lambda: runtime.current().transport.deaf_because == DEAF)
        assert DEAF in [check.detail for check in await _troubles()]
        assert await runtime.current().transport.try_to_hear() == DEAF


@pytest.mark.postgresql
@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
async def test_who_listens_where_nothing_is_heard_is_not_ready(
    rollcall: Runtime, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As behind such a proxy, which needn't be installed: NOTIFY stays within its database.
    monkeypatch.setattr(postgresql_transport, "ECHO_SECONDS", 0.1)
    server = rollcall.database.server
    elsewhere = postgresql.Server(postgres_server.url("postgres"), server.right_of_way)
    monkeypatch.setattr(server, "listen", elsewhere.listen)
    async with _listening():
        await eventually(lambda: rollcall.transport.deaf_because == DEAF)
        assert DEAF in [check.detail for check in await _troubles()]
        assert await rollcall.transport.try_to_hear() == DEAF


@pytest.mark.postgresql
@pytest.mark.parametrize("pooled", ["session"], indirect=True)
async def test_a_proxy_that_pools_sessions_is_well(pooled: Settings) -> None:
    async with started(pooled), _listening():
        await eventually(lambda: not runtime.current().transport.deaf_because)
        assert await _troubles() == []


@ONE_DATABASE
async def test_a_database_that_was_moved_away_under_the_process_is_told(
    rollcall: Runtime, serving: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "KEEP_SECONDS", 0)
    assert await _troubles() == []
    file = rollcall.settings.database_file
    aside = file.with_name("aside.db")
    file.rename(aside)
    file.write_bytes(aside.read_bytes())
    (trouble,) = await _troubles()
    assert "was replaced or removed while Rollcall serves: restart it" in trouble.sentence
    assert str(file) in trouble.detail
