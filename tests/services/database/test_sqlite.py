"""Connections to SQLite: transactions that begin with their first statement."""

import asyncio
import resource
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from services.core.errors import DatabaseUnavailableError
from services.database import right_of_way, sqlite
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.database.write_queue import WriteQueue
from services.operations import housekeeping
from tests.browser.waiting import PATIENCE


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[sqlite.Connection]:
    connection = await sqlite.connect(str(tmp_path / "some.db"), isolation_level=None, patience=0.1)
    await connection.cursor().execute("CREATE TABLE note (said TEXT UNIQUE)")
    yield connection
    await connection.close()


async def notes(connection: sqlite.Connection) -> list[str]:
    cursor = await connection.cursor().execute("SELECT said FROM note ORDER BY said")
    return [said for (said,) in await cursor.fetchall()]


async def write(connection: sqlite.Connection, said: str) -> None:
    await connection.cursor().execute("INSERT INTO note VALUES (?)", (said,))


async def test_a_transaction_begins_with_its_first_statement(connection: sqlite.Connection) -> None:
    connection.begin("BEGIN IMMEDIATE")
    assert not connection.in_transaction
    await write(connection, "kept")
    assert connection.in_transaction
    await connection.commit()
    assert not connection.in_transaction
    assert await notes(connection) == ["kept"]


async def test_what_is_rolled_back_is_gone(connection: sqlite.Connection) -> None:
    connection.begin("BEGIN IMMEDIATE")
    await write(connection, "dropped")
    await connection.rollback()
    assert await notes(connection) == []


@pytest.mark.parametrize("end", [sqlite.Connection.commit, sqlite.Connection.rollback])
async def test_a_transaction_without_a_statement_leaves_nothing(
    connection: sqlite.Connection, end: Callable[[sqlite.Connection], Awaitable[None]]
) -> None:
    connection.begin("BEGIN IMMEDIATE")
    await end(connection)
    await write(connection, "by itself")
    assert not connection.in_transaction


async def test_a_statement_whose_caller_has_gone_away_stays_in_its_transaction(
    connection: sqlite.Connection,
) -> None:
    connection.begin("BEGIN IMMEDIATE")
    writing = asyncio.create_task(write(connection, "nobody waited for it"))
    await asyncio.sleep(0)  # it is on its way to the thread
    writing.cancel()
    await connection.rollback()
    assert await notes(connection) == []


async def test_a_connection_that_is_stopped_while_it_is_closed_is_closed(
    connection: sqlite.Connection,
) -> None:
    goes_on = threading.Event()
    slow = asyncio.create_task(connection._execute(goes_on.wait))
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)  # both are on their way to the thread
    connection.stop()
    goes_on.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(slow, closing)


async def test_a_transaction_that_is_refused_leaves_nothing_to_commit(
    connection: sqlite.Connection, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection.begin("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await write(connection, "never")
    await connection.rollback()
    other.execute("COMMIT")
    other.close()
    assert await notes(connection) == []


async def test_a_commit_that_fails_can_be_rolled_back(connection: sqlite.Connection) -> None:
    for statement in (
        "PRAGMA foreign_keys = ON",
        "CREATE TABLE answer (to_note TEXT REFERENCES note (said) DEFERRABLE INITIALLY DEFERRED)",
    ):
        await connection.cursor().execute(statement)
    connection.begin("BEGIN IMMEDIATE")
    await connection.cursor().execute("INSERT INTO answer VALUES ('to nothing')")
    with pytest.raises(sqlite3.IntegrityError):
        await connection.commit()
    await connection.rollback()
    assert not connection.in_transaction


async def test_rows_outlast_the_transaction_that_read_them(connection: sqlite.Connection) -> None:
    connection.begin("BEGIN")
    await write(connection, "read")
    cursor = await connection.cursor().execute("SELECT said FROM note")
    await connection.commit()
    assert await cursor.fetchall() == [("read",)]
    assert [column[0] for column in cursor.description] == ["said"]


@pytest.mark.parametrize(
    "count", [0, 1, sqlite.AT_ONCE - 1, sqlite.AT_ONCE, 3 * sqlite.AT_ONCE + 1]
)
async def test_every_row_comes_once_however_many_there_are(
    connection: sqlite.Connection, count: int
) -> None:
    said = [f"{number:06}" for number in range(count)]
    await connection.cursor().executemany("INSERT INTO note VALUES (?)", [(text,) for text in said])
    assert await notes(connection) == said
    cursor = await connection.cursor().execute("SELECT said FROM note ORDER BY said")
    by_sevens = []
    while rows := await cursor.fetchmany(7):
        assert len(rows) <= 7
        by_sevens += [text for (text,) in rows]
    assert by_sevens == said


async def test_what_wasnt_read_to_its_end_holds_nothing_once_it_is_closed(
    connection: sqlite.Connection,
) -> None:
    await connection.cursor().executemany(
        "INSERT INTO note VALUES (?)", [(str(number),) for number in range(2 * sqlite.AT_ONCE)]
    )
    cursor = await connection.cursor().execute("SELECT said FROM note")
    await cursor.close()
    await connection.cursor().execute("DROP TABLE note")  # refused while somebody reads it


COUNTS_LONG = (
    "SELECT thread(), count(*) FROM (WITH RECURSIVE n(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000) SELECT x FROM n)"
)


@pytest.fixture
async def telling(connection: sqlite.Connection) -> sqlite.Connection:
    """A connection whose statements can tell on which thread they run."""
    await connection.create_function("thread", 0, threading.get_ident)
    return connection


async def values(connection: sqlite.Connection, sql: str, *given: object) -> list[object]:
    cursor = await connection.cursor().execute(sql, given)
    return [value for row in await cursor.fetchall() for value in row]


async def test_short_statements_run_where_they_are_called(telling: sqlite.Connection) -> None:
    telling.begin("BEGIN IMMEDIATE")
    await telling.cursor().execute("INSERT INTO note VALUES (thread())")
    assert await values(telling, "SELECT said, thread() FROM note") == [
        str(threading.get_ident()),
        threading.get_ident(),
    ]
    await telling.commit()


async def test_a_long_query_goes_to_the_thread_and_undoes_nothing(
    telling: sqlite.Connection,
) -> None:
    telling.begin("BEGIN IMMEDIATE")
    await write(telling, "before it")
    thread, count = await values(telling, COUNTS_LONG)
    assert (thread != threading.get_ident(), count) == (True, 1_000_000)
    await write(telling, "after it")
    await telling.commit()
    assert await notes(telling) == ["after it", "before it"]


async def test_a_query_that_waits_for_a_core_goes_on_where_it_is(
    telling: sqlite.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "HERE_FOR_BY_CLOCK", 600)
    # Time passes while nothing of it runs, and it has still much to do.
    await telling.create_function("wait", 0, lambda: time.sleep(10 * sqlite.HERE_FOR))
    waits = COUNTS_LONG.replace("thread()", "thread(), wait()").replace("1000000", "500")
    here = threading.get_ident()
    assert (await values(telling, waits))[0] == here
    assert not telling._long


async def test_what_may_write_many_rows_goes_to_the_thread(telling: sqlite.Connection) -> None:
    await write(telling, "old")
    await telling.cursor().execute("UPDATE note SET said = thread()")
    assert await notes(telling) != [str(threading.get_ident())]


async def test_a_piece_of_a_file_is_written_on_the_thread(telling: sqlite.Connection) -> None:
    await telling.cursor().execute("CREATE TABLE piece (data BLOB, said TEXT)")
    await telling.cursor().execute("INSERT INTO piece VALUES (?, thread())", (b"0" * 2**18,))
    assert await values(telling, "SELECT said FROM piece") != [str(threading.get_ident())]


@pytest.mark.parametrize(
    ("sql", "is_short"),
    [
        ("INSERT INTO user_account (id) VALUES (?)", True),
        ("INSERT INTO user_account SELECT * FROM user_account", False),
        ("UPDATE user_account SET active=?, version=? WHERE user_account.id = ?", True),
        ("UPDATE user_account SET active=? WHERE user_account.tenant_id = ?", False),
        ("UPDATE user_account SET active=? WHERE user_account.id IN (?, ?)", True),
        ("UPDATE user_account SET active=? WHERE user_account.tenant_id IN (?, ?)", False),
        ("UPDATE user_account SET active=? WHERE user_account.id NOT IN (?)", False),
        ("DELETE FROM user_account WHERE user_account.id = ?", True),
        ("DELETE FROM user_account", False),
        ("UPDATE user_count SET active=? WHERE user_count.tenant_id = ?", False),
        (
            "UPDATE user_count SET active=? WHERE user_count.tenant_id = ? AND user_count.role = ?",
            True,
        ),
    ],
)
def test_only_rows_that_are_named_by_their_keys_are_written_at_once(
    sql: str, is_short: bool
) -> None:
    assert sqlite.writes_rows(sql) is is_short


async def test_others_have_their_turn_between_many_short_statements(
    connection: sqlite.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "AT_A_STRETCH", 0.0)
    turn = asyncio.Event()
    asyncio.get_running_loop().call_soon(turn.set)
    for _ in range(2):
        connection.begin("BEGIN")
        await notes(connection)
        await connection.commit()
    assert turn.is_set()


async def test_who_lets_others_have_their_turn_gives_way_to_an_act_that_begins_in_it(
    connection: sqlite.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "AT_A_STRETCH", 0.0)
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    begins = connection._right_of_way.given(None)

    async def read(act: ExitStack) -> None:
        await notes(connection)
        asyncio.get_running_loop().call_soon(act.enter_context, begins)
        await notes(connection)

    with ExitStack() as act:
        connection.begin("BEGIN")
        reading = asyncio.create_task(read(act))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not reading.done()
    await asyncio.wait_for(reading, 60)
    await connection.commit()


async def test_who_waits_for_another_process_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE note (said TEXT)")
    other.execute("BEGIN IMMEDIATE")
    connection = await sqlite.connect(str(path), isolation_level=None, patience=60)
    connection.begin("BEGIN IMMEDIATE")
    writing = asyncio.create_task(write(connection, "at last"))
    await asyncio.sleep(0)  # it would still be waiting here
    other.execute("COMMIT")
    other.close()
    await writing
    await connection.commit()
    assert await notes(connection) == ["at last"]
    await connection.close()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_who_isnt_patient_waits_for_one_patient_writer_at_most(rollcall: Runtime) -> None:
    # On a slow machine the toggle may come after those before it have been patient for long enough.
    rollcall.database.queue = WriteQueue(1, now=lambda: 0.0)
    order: list[str] = []
    begun, finish = asyncio.Event(), asyncio.Event()

    async def write(name: str, *, patient: bool) -> None:
        async with transaction(patient=patient) as tx:
            await tx.exec(text("SELECT 1"))  # type: ignore[call-overload]  # SQLModel has no type for it
            order.append(name)
            begun.set()
            await finish.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write("first sign-in", patient=True))
        await begun.wait()
        for name in ("second sign-in", "third sign-in"):
            tasks.create_task(write(name, patient=True))
        await asyncio.sleep(0)
        tasks.create_task(write("toggle", patient=False))
        await asyncio.sleep(0.05)
        finish.set()
    assert order == ["first sign-in", "toggle", "second sign-in", "third sign-in"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_write_ahead_log_is_cut_back_after_a_long_reader(rollcall: Runtime) -> None:
    path = rollcall.settings.data_dir / "rollcall.db"
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM user_account").fetchone()
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA synchronous=OFF")
    while _wal_size(path) < 2 * sqlite.WAL_LIMIT:
        with writer:
            writer.execute("CREATE TABLE IF NOT EXISTS note (said)")
            writer.executemany("INSERT INTO note VALUES (randomblob(100000))", [()] * 50)
    await housekeeping.tidy_up()  # a write that has to wait doesn't delay others
    assert _wal_size(path) > sqlite.WAL_LIMIT
    reader.execute("COMMIT")
    await housekeeping.tidy_up()
    assert _wal_size(path) == 0
    reader.close()
    writer.close()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_disk_that_fails_is_told_and_is_no_reason_to_try_again(rollcall: Runtime) -> None:
    with pytest.raises(DatabaseUnavailableError) as told:
        await _commit_on_a_disk_that_fails()
    assert told.value.reason == "The disk of the database fails."


async def _commit_on_a_disk_that_fails() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with transaction() as tx:
        await tx.exec(text("CREATE TABLE note (said)"))  # type: ignore[call-overload]  # as above
        # Writes end in an error of their own (EFBIG), as they do on a broken disk (EIO).
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            await tx.commit()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _wal_size(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size
