"""However a password is spelt and whatever fails, no log line has a part of it."""

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from services.core.errors import RollcallError
from services.core.settings import load
from services.database import runtime, transport
from services.database.postgresql_transport import LISTENER
from services.database.startup import started
from services.database.transaction import reading
from services.operations import readiness
from tests.browser.server import serving
from tests.browser.waiting import PATIENCE, eventually
from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgresql

# Characters that break urls and log lines, between two halves that are easy to find.
HALVES = ("violetharbour", "swordfishmarket")
BETWEEN = (" ", "@", "/", "?&=", "%", " %20+:#'\"\\\n é")
PASSWORDS = [between.join(HALVES) for between in BETWEEN]


@pytest.fixture(scope="module")
def strict(postgres_server: PostgresServer) -> Iterator[str]:
    """A role whose password is asked for; its name."""
    hba = Path(str(postgres_server.run("postgres", "SHOW hba_file")[0][0]))
    shutil.copy(hba, f"{hba}.before")
    ways = ("local", "host"), ("", "127.0.0.1/32")
    lines = [f"{way} all strict {net} scram-sha-256\n" for way, net in zip(*ways, strict=True)]
    hba.write_text("".join(lines) + hba.read_text())
    postgres_server.run("postgres", "CREATE ROLE strict LOGIN SUPERUSER")
    postgres_server.run("postgres", "SELECT pg_reload_conf()")
    yield "strict"
    shutil.copy(f"{hba}.before", hba)
    postgres_server.run("postgres", "SELECT pg_reload_conf()")
    # A worker may be given some of these tests, others, and then the rest of these.
    postgres_server.run("postgres", "DROP ROLE strict")


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    name = postgres_server.create_database()
    yield name
    postgres_server.drop_database(name)


def _set_password(server: PostgresServer, role: str, password: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _spellings(server: PostgresServer, role: str, password: str, name: str) -> dict[str, str]:
    """Database urls with this password, by whether they are valid."""
    known, port, folder = quote(password, safe=""), server.port, quote(server.folder, safe="")
    there = f"127.0.0.1:{port}"
    return {
        "right": f"{role}:{known}@{there}/{name}",
        "right: several hosts": f"{role}:{known}@127.0.0.1:9,{there}/{name}",
        "right: a socket": f"{role}:{known}@{folder}:{port}/{name}",
        "right: parameters": f"/{name}?host=127.0.0.1&port={port}&user={role}&password={known}"
        "&options=-c%20work_mem%3D8MB&application_name=a%20b",
        "raw": f"{role}:{password}@{there}/{name}",
        "wrong password": f"{role}:x{known}@{there}/{name}",
        "wrong host": f"{role}:{known}@nowhere.invalid/{name}",
        "nobody there": f"{role}:{known}@127.0.0.1:9,127.0.0.1:10/{name}",
        "no socket": f"{role}:{known}@%2Fnowhere/{name}",
        "wrong database": f"{role}:{known}@{there}/nothing",
        "wrong option": f"{role}:{known}@{there}/{name}?options=-c%20nonsense%3Dx",
        "wrong parameter": f"{role}:{known}@{there}/{name}?nonsense={known}",
    }


@pytest.mark.parametrize("password", PASSWORDS)
async def test_no_log_line_has_a_part_of_the_database_s_password(
    strict: str,
    database: str,
    postgres_server: PostgresServer,
    tmp_path: Path,
    password: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    _set_password(postgres_server, strict, password)
    monkeypatch.setattr(transport, "RECONNECT_SECONDS", 0.05)
    monkeypatch.setattr(readiness, "ANSWER_SECONDS", PATIENCE)  # busy machines aren't its subject
    monkeypatch.setenv("ROLLCALL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ROLLCALL_ENV_FILE", os.devnull)
    said = {}
    for name, url in _spellings(postgres_server, strict, password, database).items():
        monkeypatch.setenv("ROLLCALL_DATABASE_URL", f"postgresql://{url}")
        try:
            async with started(load()):
                await _hear_and_be_cut_off(postgres_server)
        except RollcallError as error:
            said[name] = str(error)
    assert [name for name in said if name.startswith("right")] == []
    assert len(said) >= 7
    written = caplog.text + "".join(said.values())
    assert "Listening for other processes failed" in written
    assert [half for half in HALVES if half in written] == []


async def _hear_and_be_cut_off(server: PostgresServer) -> None:
    listening = asyncio.create_task(runtime.current().transport.receive())
    try:
        await eventually(lambda: not runtime.current().transport.deaf_because)
        server.run(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'strict'",
        )
        await eventually(lambda: runtime.current().transport.deaf_because)
        with contextlib.suppress(RollcallError):
            async with reading() as tx:
                await tx.connection()
        await eventually(lambda: not runtime.current().transport.deaf_because)
        assert readiness.troubles(await readiness.recent()) == []
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def test_a_server_with_such_a_password_hears_the_others_and_logs_little(
    strict: str, database: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    password = " ".join(HALVES)
    _set_password(postgres_server, strict, password)
    url = _spellings(postgres_server, strict, password, database)["right"]
    (tmp_path / "url").write_text(f"postgresql://{url}")
    settings = {"ROLLCALL_DATABASE_URL_FILE": str(tmp_path / "url")}
    async with serving(tmp_path / "data", settings=settings) as server:
        _set_password(postgres_server, strict, "another")
        postgres_server.run(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'strict'",
        )
        told = "Listening for other processes failed, trying again: "
        await eventually(lambda: "password authentication failed" in server.log())
        await asyncio.sleep(3 * transport.RECONNECT_SECONDS)
        failures = [line for line in server.log().splitlines() if told in line]
        assert len(failures) <= 2, "once for each reason, not for each try"
        assert server.log().count("The other replicas can't be told now") <= 2
        assert LISTENER not in server.log()
        assert [half for half in HALVES if half in server.log()] == []
