"""Connections to SQLite that change to their thread once for a statement and its rows.

aiosqlite changes four times: for the cursor, the statement, the rows, and the cursor's end. Each
change of threads costs more than most of our statements (docs/benchmarks.md). For the same reason a
transaction begins with its first statement, and one without statements costs nothing.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

# How many rows come with their statement: more than any page has.
AT_ONCE = 500
# If a long reader made the write-ahead log longer than this (in bytes), it is cut back afterwards.
WAL_LIMIT = 16 * 2**20
# How transactions begin that only read, and those that write.
READING, WRITING = "BEGIN", "BEGIN IMMEDIATE"
Statement = Callable[[sqlite3.Cursor], sqlite3.Cursor]


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
        return await self._run(lambda cursor: cursor.execute(sql, given))

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> "_Cursor":
        """Run the statement once with each of the parameters."""
        given: Any = parameters
        return await self._run(lambda cursor: cursor.executemany(sql, given))

    async def _run(self, statement: Statement) -> "_Cursor":
        self._cursor, rows = await self._conn.run(statement)
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


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True  # as SQLAlchemy does it: a process that ends doesn't wait for it
        self._begin = ""
        self._has_begun = False
        self._only_reads = False

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy takes it as it is
        """A cursor, for one statement."""
        return _Cursor(self)

    async def run(self, statement: Statement) -> tuple[sqlite3.Cursor, list[Any]]:
        """Run a statement on the connection's thread: its cursor, and its first rows."""
        begin, self._begin = self._begin, ""
        self._has_begun |= bool(begin)

        def on_its_thread() -> tuple[sqlite3.Cursor, list[Any]]:
            if begin:
                self._conn.execute(begin)
            cursor = statement(self._conn.cursor())
            return cursor, cursor.fetchmany(AT_ONCE) if cursor.description else []

        ran: tuple[sqlite3.Cursor, list[Any]]
        ran = await self._execute(on_its_thread)  # type: ignore[no-untyped-call]  # aiosqlite's
        return ran

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
            # Nobody waits for it: the thread does it before anything else.
            self._tx.put_nowait((None, self._conn.rollback))
        elif self._has_begun:
            await end()  # if a commit fails, there is something to roll back
        self._begin, self._has_begun = "", False


async def connect(path: str, **options: Any) -> Connection:
    """A connection to the file; the options are those of `sqlite3.connect`."""
    connection = Connection(partial(sqlite3.connect, path, **options))
    await connection
    return connection


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
