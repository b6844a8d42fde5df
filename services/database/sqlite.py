"""Connections to SQLite that run short statements where they are called, and change to their thread
for what may take long or has to wait: once for a statement and its rows.

aiosqlite changes four times: for the cursor, the statement, the rows, and the cursor's end. Each
change of threads costs more than most of our statements (docs/benchmarks.md). For the same reason a
transaction begins with its first statement, and one without statements costs nothing.

| what | runs |
|---|---|
| a query | here, for `HERE_FOR` at most; if it isn't done by then, it begins again on the thread |
| what writes one row, or a few | here: it can't take long, and the file isn't synchronised yet |
| what waits for another process's lock | on the thread |
| whatever else writes, and the commit | on the thread |
"""

import asyncio
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlmodel import SQLModel

from services.database.right_of_way import RightOfWay

# How many rows come with their statement: more than any page has.
AT_ONCE = 500
# If a long reader made the write-ahead log longer than this (in bytes), it is cut back afterwards.
WAL_LIMIT = 16 * 2**20
# How transactions begin that only read, and those that write.
READING, WRITING = "BEGIN", "BEGIN IMMEDIATE"
Statement = Callable[[sqlite3.Cursor], sqlite3.Cursor]

# Seconds of the processor that one query, and then all statements together, may keep the event loop
# before others have their turn. Most statements take a hundredth of that. By the clock a query has
# longer, for a disk that is slow: on a busy machine 2 ms may pass while nothing runs at all.
HERE_FOR, AT_A_STRETCH = 0.002, 0.001
HERE_FOR_BY_CLOCK = 0.02
# How many of its instructions SQLite runs between two looks at the clock: some 0.1 ms.
LOOKED_AT = 1000
# A query that took too long goes to the thread at once for so many seconds.
REMEMBERED_FOR = 10.0
# A statement with more values than this writes more than a few rows; one with a longer value, a
# piece of a file.
FEW_VALUES, LONG_VALUE = 100, 64 * 1024
# What a statement may fail with here and not on the thread (SQLite, Result and Error Codes).
ON_THE_THREAD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT}
_BY_KEY = re.compile(
    r"(?:UPDATE (\w+) SET .*|DELETE FROM (\w+)) WHERE "
    r"((?:\w+\.\w+ (?:= \?|IN \((?:\?(?:, )?)+\))(?: AND )?)+)"
)


class _Cursor(aiosqlite.Cursor):
    """One statement and its rows; the first ones are here as soon as it has run."""

    def __init__(self, connection: "Connection") -> None:
        self._conn: Connection = connection
        self._take([])

    def _take(self, rows: list[Any]) -> None:
        self._rows = rows
        self._has_more = len(rows) == AT_ONCE

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "_Cursor":
        """Run the statement, and fetch its first rows."""
        given: Any = parameters or ()
        return await self._run(lambda cursor: cursor.execute(sql, given), _if_short(sql, given))

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "_Cursor":
        """Run the statement once with each of the parameters."""
        given: Any = parameters
        short = _if_few(sql, given) if isinstance(given, Sequence) else ""
        return await self._run(lambda cursor: cursor.executemany(sql, given), short)

    async def _run(self, statement: Statement, short: str) -> "_Cursor":
        self._cursor, rows = await self._conn.run(statement, short)
        self._take(rows)
        return self

    async def fetchall(self) -> list[Any]:
        """All remaining rows."""
        rows = self._rows
        if self._has_more:
            rows.extend(await super().fetchall())
        self._take([])
        return rows

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """As many of the remaining rows as are asked for, or as are here."""
        if not self._rows and self._has_more:
            self._take(list(await super().fetchmany(AT_ONCE)))
        count = len(self._rows) if size is None else size
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    async def fetchone(self) -> Any:
        """The next row, or none."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Close it. (A statement that was read to its end holds nothing.)"""
        if self._has_more:
            await super().close()


class Stretch:
    """How long statements have kept the event loop in this turn of it, on all connections that
    share this."""

    def __init__(self) -> None:
        self._since: float | None = None

    def is_over(self) -> bool:
        """Whether others have to have their turn before the next statement."""
        now = time.thread_time()
        if self._since is None:
            self._since = now
            asyncio.get_running_loop().call_soon(self._turned)
        return now - self._since > AT_A_STRETCH

    def _turned(self) -> None:
        self._since = None


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own. Each of its statements ends before the next begins, on
    whatever thread they run."""

    def __init__(
        self,
        connector: Callable[[], sqlite3.Connection],
        patience: float,
        stretch: Stretch,
        right_of_way: RightOfWay,
    ) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy does it: a process that ends doesn't wait for it
        self._patience = round(patience * 1000)  # ms
        self._begin = ""
        self._has_begun = False
        self._only_reads = False
        # How much was sent to the thread, which this one counts, and done there, which it counts.
        self._sent = self._done = 0
        # When the query that runs here has to end: by the processor's time, and by the clock.
        self._until: tuple[float, float] | None = None
        self._stretch = stretch
        self._right_of_way = right_of_way
        self._long: dict[str, float] = {}  # queries that took too long here, and until when
        self._is_stopped = False

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy takes it as it is
        """A cursor, for one statement."""
        return _Cursor(self)

    def stop(self) -> "asyncio.Future[Any] | None":
        """Have the thread close the connection, and end. Once: a request that is cancelled, and
        then again, closes its connection and doesn't wait for that. A second stop would wait for a
        thread that has ended."""
        if self._is_stopped:
            return None
        self._is_stopped = True
        return super().stop()

    async def ask(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Run a statement (`services.database.prepared`): all its rows."""
        cursor, rows = await self.run(
            lambda cursor: cursor.execute(sql, parameters), _if_short(sql, parameters)
        )
        if len(rows) == AT_ONCE:
            rows.extend(await self._execute(cursor.fetchall))
        return rows

    async def write(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement that writes, once with each of these values: how many rows it wrote."""
        cursor, _ = await self.run(lambda cursor: cursor.executemany(sql, rows), _if_few(sql, rows))
        return cursor.rowcount

    async def prepare(self) -> None:
        """Have statements that run here neither wait nor take long."""

        def on_its_thread() -> None:
            self._conn.execute("PRAGMA busy_timeout=0")
            self._conn.set_progress_handler(self._is_late, LOOKED_AT)

        await self._execute(on_its_thread)

    async def run(self, statement: Statement, short: str) -> tuple[sqlite3.Cursor, list[Any]]:
        """Run a statement: its cursor, and its first rows. It has to be given as `short`, too, if
        it is a query or can't take long. What only reads gives way before each statement."""
        await self._right_of_way.wait()
        begin, self._begin = self._begin, ""
        self._has_begun |= bool(begin)
        if short and self._sent == self._done and self._long.get(short, 0.0) < time.monotonic():
            if self._stretch.is_over():
                await asyncio.sleep(0)
                await self._right_of_way.wait()
            try:
                return self._run_here(begin, statement, is_query=is_query(short))
            except sqlite3.OperationalError as error:
                code = error.sqlite_errorcode & 0xFF
                if code not in ON_THE_THREAD:
                    raise
                if code == sqlite3.SQLITE_INTERRUPT:
                    self._remember(short)
        waits = partial(self._run_patiently, begin, statement)
        ran: tuple[sqlite3.Cursor, list[Any]] = await self._execute(waits)
        return ran

    def _run_here(
        self, begin: str, statement: Statement, *, is_query: bool
    ) -> tuple[sqlite3.Cursor, list[Any]]:
        if begin:
            self._conn.execute(begin)
        # Only a query is interrupted: with anything else, the whole transaction would be undone.
        if is_query:
            self._until = time.thread_time() + HERE_FOR, time.monotonic() + HERE_FOR_BY_CLOCK
        try:
            return _run(self._conn, statement)
        finally:
            self._until = None

    def _run_patiently(self, begin: str, statement: Statement) -> tuple[sqlite3.Cursor, list[Any]]:
        """On the thread: wait for what another process has locked."""
        self._conn.execute(f"PRAGMA busy_timeout={self._patience}")
        try:
            # (It may have begun before the thread was needed.)
            if begin and not self._conn.in_transaction:
                self._conn.execute(begin)
            return _run(self._conn, statement)
        finally:
            self._conn.execute("PRAGMA busy_timeout=0")

    def _remember(self, query: str) -> None:
        now = time.monotonic()
        self._long = {one: until for one, until in self._long.items() if until > now}
        self._long[query] = now + REMEMBERED_FOR

    def _is_late(self) -> bool:
        if self._until is None:
            return False
        used, at = self._until
        return time.thread_time() > used or time.monotonic() > at

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run something on the thread, after all that was sent to it before."""
        self._sent += 1
        return await super()._execute(partial(self._counted, fn), *args, **kwargs)  # type: ignore[no-untyped-call]  # aiosqlite's

    def _counted(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._done += 1

    def begin(self, statement: str) -> None:
        """Have the next statement run in a transaction that begins with this one."""
        self._begin, self._only_reads = statement, statement == READING

    # Whether a transaction has begun is noted here, and SQLite isn't asked: the statement of a
    # cancelled caller may still be waiting to run.

    async def commit(self) -> None:
        """Commit, if anything was run."""
        await self._end(super().commit)

    async def rollback(self) -> None:
        """Roll back, if anything was run."""
        await self._end(super().rollback)

    async def _end(self, end: Callable[[], Awaitable[None]]) -> None:
        if self._has_begun and self._only_reads:
            if self._sent == self._done:
                self._conn.rollback()
            else:
                # Nobody waits for it: the thread does it before anything else.
                self._sent += 1
                self._tx.put_nowait((None, partial(self._counted, self._conn.rollback)))
        elif self._has_begun:
            await end()  # if a commit fails, there is something to roll back
        self._begin, self._has_begun = "", False


async def connect(
    path: str,
    *,
    patience: float,
    stretch: Stretch | None = None,
    right_of_way: RightOfWay | None = None,
    **options: Any,
) -> Connection:
    """A connection to the file, which waits `patience` seconds for what others have locked; the
    other options are those of `sqlite3.connect`."""
    options["check_same_thread"] = False
    connection = Connection(
        partial(sqlite3.connect, path, timeout=patience, **options),
        patience,
        stretch or Stretch(),
        right_of_way or RightOfWay(),
    )
    await connection
    await connection.prepare()
    return connection


def is_query(sql: str) -> bool:
    """Whether a statement only reads."""
    return sql.startswith("SELECT ")


@lru_cache(maxsize=1000)
def writes_rows(sql: str) -> bool:
    """Whether a statement writes as many rows as it has values for, and no others: it inserts
    them, or says their keys."""
    if "SELECT" in sql:
        return False
    if sql.startswith("INSERT INTO "):
        return True
    by_key = _BY_KEY.fullmatch(" ".join(sql.split()))
    table = SQLModel.metadata.tables.get(by_key[1] or by_key[2]) if by_key else None
    if by_key is None or table is None:
        return False
    told = {name.partition(" ")[0] for name in by_key[3].split(" AND ")}
    return told == {f"{table.name}.{column.name}" for column in table.primary_key}


def _if_short(sql: str, values: Sequence[object]) -> str:
    """The statement, if it only reads or can't take long; otherwise nothing."""
    return sql if is_query(sql) or (writes_rows(sql) and _is_little(values)) else ""


def _if_few(sql: str, rows: Sequence[Sequence[object]]) -> str:
    """The same, of a statement that runs once with each of these values."""
    if not writes_rows(sql) or len(rows) > FEW_VALUES:
        return ""
    return sql if _is_little([value for values in rows for value in values]) else ""


def _is_little(values: Sequence[Any]) -> bool:
    if len(values) > FEW_VALUES:
        return False
    return not [v for v in values if type(v) in (str, bytes) and len(v) > LONG_VALUE]


def _run(connection: sqlite3.Connection, statement: Statement) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = statement(connection.cursor())
    return cursor, cursor.fetchmany(AT_ONCE) if cursor.description else []


async def cut_wal_back(path: str) -> bool:
    """Move a long write-ahead log into the database and cut it off; returns whether it is short
    now.

    SQLite does this by itself only at a commit, and never while a reader still uses the older
    content. This neither waits for readers nor blocks anybody: most of the log is moved while
    others write.
    """
    if _wal_size(path) <= WAL_LIMIT:
        return True
    async with aiosqlite.connect(path, timeout=0) as connection:
        for how in ("PASSIVE", "TRUNCATE"):
            await connection.execute_fetchall(f"PRAGMA wal_checkpoint({how})")
    return _wal_size(path) <= WAL_LIMIT


def _wal_size(path: str) -> int:
    wal = Path(f"{path}-wal")
    return wal.stat().st_size if wal.exists() else 0
