"""The move from SQLite to PostgreSQL: all of it, or nothing, and the way back stays open."""

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from sqlmodel import func, select

from models import Authenticator, User, UserCount, metadata
from services.audit.check import verify
from services.core import clock
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database import vault
from services.database.engines import Database
from services.database.startup import started
from services.database.transaction import reading
from services.operations.database_file import held
from services.operations.move import LEFT_OUT, move
from services.sessions import sessions
from services.sign_in.sign_in import sign_in
from services.workspace import files
from tests import books, factories
from tests.browser.server import serving
from tests.conftest import make_settings
from tests.factories import CALLER, PASSWORD
from tests.postgres import PostgresServer
from tests.services.database.test_upgrades import COOKIE, RIGHT_AFTER, SCHEMAS, SECRET, _populate
from tests.services.workspace.scene import create_poc, pieces_of
from tests.test_command_line import assert_refused, run

pytestmark = pytest.mark.postgresql

TABLES = {table.name for table in metadata.sorted_tables}


@pytest.fixture
def source(tmp_path: Path, sqlite_template: Path) -> Settings:
    """A Rollcall on SQLite, with people in it."""
    shutil.copyfile(sqlite_template, tmp_path / "rollcall.db")
    with closing(sqlite3.connect(tmp_path / "rollcall.db")) as database:
        database.executescript((SCHEMAS / "0008.sql").read_text(encoding="utf-8"))
    return make_settings(tmp_path).model_copy(update={"secret": SecretStr(SECRET)})


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    """The address of a database without any table."""
    return postgres_server.url(postgres_server.create_database(empty=True))


def _there(source: Settings, url: str) -> Settings:
    return source.model_copy(update={"database_url": SecretStr(url)})


def _content(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.database_file)) as database:
        return list(database.iterdump())


async def _counts(settings: Settings) -> dict[str, int]:
    """The rows of each table that the models describe."""
    database = Database(settings.sqlalchemy_url)
    async with database.reader.connect() as connection:
        counts = {
            table.name: await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }
    await database.close()
    return counts


def _tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return int((found.fetchone() or [-1])[0])


def _set_rule(url: str, table: str, rule: str) -> None:
    """Have the other database do this with what is inserted in a table, as soon as it is made."""
    with psycopg.connect(url) as connection:
        made = f"CREATE RULE meddles AS ON INSERT TO {table} {rule}"
        connection.execute(
            sql.SQL(
                "CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS $body$ BEGIN "
                "IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() "
                "WHERE object_identity = {}) THEN EXECUTE {}; END IF; END $body$"
            ).format(sql.Literal(f"public.{table}"), sql.Literal(made))
        )
        connection.execute(
            "CREATE EVENT TRIGGER meddles ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
            "EXECUTE FUNCTION meddle()"
        )


async def test_everything_arrives_and_the_source_is_as_it_was(source: Settings, url: str) -> None:
    before = _content(source)
    moved = await move(source, url)
    assert moved.rows.keys() == TABLES - LEFT_OUT
    assert (moved.entries, moved.broken) == (22, None)
    here, there = await _counts(source), await _counts(_there(source, url))
    for name in LEFT_OUT:
        assert (here.pop(name) > 0, there.pop(name)) == (True, 0)
    assert there == here == moved.rows
    assert _content(source) == before
    assert [path.name for path in source.data_dir.iterdir()] == ["rollcall.db"]


async def test_people_sign_in_afterwards_and_what_was_sealed_opens(
    source: Settings, url: str
) -> None:
    await move(source, url)
    clock.shift(RIGHT_AFTER - datetime.now(UTC))
    async with started(_there(source, url), may_create=False):
        assert (await sessions.recognise(COOKIE, "acme", CALLER)).name == "Ada Lovelace"
        assert (await sign_in("acme", "grace@example.com", PASSWORD, CALLER)).token
        (ada,) = await books.users_with("ada@example.com")
        async with reading() as tx:
            sealed = (await tx.get_one(Authenticator, ada.id)).sealed_secret
        assert vault.unseal(sealed) == "JBSWY3DPEHPK3PXP"
        assert (await verify())[1] is None


async def test_files_arrive_byte_for_byte(source: Settings, url: str) -> None:
    content = bytes(range(256)) * 3_000
    async with started(source):
        ada = await factories.sign_in(await factories.create_user(await factories.create_tenant()))
        kept = await files.upload(ada, await create_poc(ada), "plan.bin", pieces_of(content))
    await move(source, url)
    async with started(_there(source, url)):
        file = await files.open_file(ada, kept)
        moved = b"".join([piece async for piece in file.pieces])
    assert hashlib.sha256(moved).hexdigest() == file.sha256
    assert moved == content


async def test_users_are_counted_once_and_go_on_being_counted(source: Settings, url: str) -> None:
    await move(source, url)
    async with started(_there(source, url)):
        await factories.create_user(await factories.create_tenant("Third"))
        async with reading() as tx:
            users = (await tx.exec(select(func.count()).select_from(User))).one()
            counted = await tx.exec(select(func.sum(UserCount.active + UserCount.inactive)))
            assert counted.one() == users == 8


async def test_an_older_database_is_upgraded_on_its_way(tmp_path: Path, url: str) -> None:
    older = make_settings(tmp_path).model_copy(update={"secret": SecretStr(SECRET)})
    await _populate(older, "0001")
    before = _content(older)
    assert (await move(older, url)).broken is None
    assert _content(older) == before


async def test_what_fails_in_the_middle_leaves_the_other_database_empty(
    source: Settings, url: str
) -> None:
    with closing(sqlite3.connect(source.database_file)) as database:
        # SQLite doesn't look at how long a text may be.
        database.execute("UPDATE outgoing_mail SET message_id = hex(zeroblob(200))")
        database.commit()
    with pytest.raises(OperatorError, match="Nothing was moved: value too long") as refusal:
        await move(source, url)
    assert "00000" not in str(refusal.value)
    assert _tables(url) == 0
    with closing(sqlite3.connect(source.database_file)) as database:
        database.execute("UPDATE outgoing_mail SET message_id = '<short@example.com>'")
        database.commit()
    assert (await move(source, url)).broken is None


async def test_a_row_lost_on_the_way_is_told_and_leaves_the_other_database_empty(
    source: Settings, url: str
) -> None:
    _set_rule(url, "outgoing_mail", "WHERE new.recipient = 'noor@example.com' DO INSTEAD NOTHING")
    with pytest.raises(OperatorError, match="moved: of 7 rows in outgoing_mail, 6 arrived"):
        await move(source, url)
    assert _tables(url) == 0


async def test_an_entry_of_the_audit_log_that_changes_on_the_way_is_told(
    source: Settings, url: str
) -> None:
    before = _content(source)
    changes = "UPDATE audit_event SET actor_name = 'Somebody' WHERE number = 2"
    _set_rule(url, "audit_event", f"DO ALSO {changes}")
    differ = "The audit logs of the two databases differ.*remove the other"
    with pytest.raises(OperatorError, match=differ):
        await move(source, url)
    assert _content(source) == before
    async with started(source):
        assert (await verify())[1] is None


async def test_a_broken_audit_log_is_told_and_arrives_as_it_is(source: Settings, url: str) -> None:
    with closing(sqlite3.connect(source.database_file)) as database:
        database.execute("UPDATE audit_event SET actor_name = 'Somebody' WHERE number = 2")
        database.commit()
    moved = await move(source, url)
    assert moved.broken is not None
    async with started(_there(source, url)):
        assert (await verify())[1] == moved.broken


async def test_a_database_with_something_in_it_is_refused(source: Settings, url: str) -> None:
    async with started(_there(source, url)):
        pass
    with pytest.raises(OperatorError, match="isn't empty"):
        await move(source, url)
    with pytest.raises(OperatorError, match="on PostgreSQL already"):
        await move(_there(source, url), url)


async def test_nothing_moves_while_rollcall_serves_and_nothing_serves_while_it_moves(
    source: Settings, url: str
) -> None:
    async with serving(source.data_dir, settings={"ROLLCALL_SECRET": SECRET}):
        with pytest.raises(OperatorError, match=r"in use\. Stop Rollcall"):
            await move(source, url)
    assert _tables(url) == 0
    with held(source.database_file):
        done = await asyncio.to_thread(run, source.data_dir, "backup", str(source.data_dir / "x"))
        assert_refused(done, "locked")


def test_the_command_says_what_to_do_next_and_how_to_go_back(source: Settings, url: str) -> None:
    with_password = url.replace("rollcall@", "rollcall:wrong-secret@")
    done = run(source.data_dir, "move", given=f"{with_password}\n", SECRET=SECRET)
    assert done.returncode == 0, done.stderr
    for words in ("rows of", "Set ROLLCALL_DATABASE_URL", "To go back", "whole: 22 entries"):
        assert words in done.stdout
    again = run(source.data_dir, "move", MOVE_TO=with_password, SECRET=SECRET)
    assert_refused(again, "isn't empty")
    assert "no setting" not in again.stderr
    for wrong in (
        "mysql://a:wrong-secret@b/c",
        "sqlite:///other.db",
        "postgresql://a:wrong-secret@b:c",
    ):
        refused = run(source.data_dir, "move", wrong)
        assert_refused(refused, "The database to move to")
        assert "sqlite:///" not in refused.stderr  # it isn't moved there
        assert "wrong-secret" not in refused.stdout + refused.stderr


def test_a_command_about_a_database_makes_no_tables_in_an_empty_one(
    tmp_path: Path, url: str
) -> None:
    done = run(tmp_path, "verify-audit", DATABASE_URL=url, SECRET=SECRET)
    assert_refused(done, "no tables of Rollcall's", "ROLLCALL_DATABASE_URL")
    assert _tables(url) == 0
