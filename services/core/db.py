"""The database, and the one way to change it: `async with transaction() as tx`.

Events that a transaction publishes leave after its commit, and not at all where it rolls back.
"""

import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.core import postgresql, runtime, sqlite, transport
from services.core.errors import DatabaseUnavailableError, OperatorError
from services.core.events import Event, stamped
from services.core.looking import LookingSession, WouldWriteError, is_looking
from services.core.write_queue import Turn, Who, WriteQueue

log = logging.getLogger(__name__)

# How long a writer waits for another process's lock, in seconds, before it gives up.
LOCK_TIMEOUT = 30
READERS = 8
# PostgreSQL: acts that write at a time, of the connections that they share with whoever reads; and
# connections that only urgent acts have.
WRITERS, URGENT_WRITERS = 8, 4
URGENT_LOOKS = 2
URGENT_KEPT = 2
# PostgreSQL's lock_timeout in seconds: how long an act waits for a row that another one has locked.
# Acts take milliseconds, and whoever waits keeps a connection from others.
ROW_LOCK_TIMEOUT = 10
# PostgreSQL's manual, appendix A (Error Codes).
DISK_FULL, READ_ONLY = "53100", "25006"


class Transaction(AsyncSession):
    """A database session that also collects the events of what it did."""

    def __init__(self, engine: AsyncEngine, kind: type[Session] = Session) -> None:
        super().__init__(engine, expire_on_commit=False, autoflush=True, sync_session_class=kind)
        self.events: list[Event] = []
        self.only_looks = kind is LookingSession
        """Whether nothing may be written (`services.core.looking`)."""

    def publish(self, event: Event) -> None:
        """Have the event leave after the commit."""
        if self.only_looks:
            raise WouldWriteError
        self.events.append(event)


class Database:
    """The engines of one database, and the queue of those who write.

    SQLite takes one writer at a time, who begins IMMEDIATE, so that what it read can't have changed
    when it writes. On PostgreSQL rows are locked by the services; urgent acts have connections of
    their own there, so that nobody can take them all.
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.has_trigram_table = False
        """Whether there is the table of `models.migrations.search_index`, for SQLite."""
        if self.is_sqlite:
            try:
                self.url = make_url(url)
            except (ArgumentError, ValueError):
                raise OperatorError("ROLLCALL_DATABASE_URL is not a database address.") from None
            self.reader = self._sqlite_engine(READERS, sqlite.READING)
            self.writer = self.urgent = self._sqlite_engine(1, sqlite.WRITING)
            self.urgent_reader = self.reader
            self.queue = WriteQueue(1)
        else:
            self.server = postgresql.Server(url)
            self.reader = self.writer = self._postgresql_engine(READERS, WRITERS)
            self.urgent = self._postgresql_engine(
                URGENT_KEPT, URGENT_WRITERS + URGENT_LOOKS - URGENT_KEPT
            )
            self.urgent_reader = self.urgent
            self.queue = WriteQueue(WRITERS, URGENT_WRITERS)
        # Who looks first takes no more than half of the connections that read.
        self.looks = WriteQueue(READERS // 2, URGENT_LOOKS)

    def _postgresql_engine(self, kept: int, more: int) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+psycopg://",  # the server's arguments are the whole address
            async_creator=self.server.connect,
            pool_size=kept,
            max_overflow=more,
            pool_pre_ping=True,
            hide_parameters=True,  # an error is logged, and what was to be stored is not
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
            # A plan for any word reads all trigrams for a short one, whatever the tenant's size
            # (PostgreSQL, plan_cache_mode).
            cursor = connection.cursor()
            cursor.execute("SET plan_cache_mode = force_custom_plan")
            cursor.execute(f"SET lock_timeout = '{ROW_LOCK_TIMEOUT}s'")
            cursor.close()
            connection.commit()

        return engine

    def _sqlite_engine(self, connections: int, begin: str) -> AsyncEngine:
        async def connect() -> sqlite.Connection:
            (path,), options = engine.dialect.create_connect_args(self.url)
            # No isolation level: we say BEGIN ourselves.
            return await sqlite.connect(path, **options, timeout=LOCK_TIMEOUT, isolation_level=None)

        engine = create_async_engine(
            self.url,
            async_creator=connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=LOCK_TIMEOUT * 2,
            hide_parameters=True,
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            # FULL: what was acknowledged survives a power cut, not just a crash (SQLite, PRAGMA
            # synchronous).
            wanted = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
            for pragma in (*wanted, f"journal_size_limit={sqlite.WAL_LIMIT}"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "invalidate")
        def _cut_off(connection: Any, _entry: Any, _error: Any) -> None:
            # The connection of a cancelled call is closed, but SQLite keeps it and its lock as long
            # as one of its statements is referred to: by the traceback of the cancellation, say.
            connection.rollback()

        @event.listens_for(engine.sync_engine, "begin")
        def _begins(connection: Connection) -> None:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite.Connection)
            driver.begin(begin)

        return engine

    async def close(self) -> None:
        """Close every connection."""
        for engine in {self.reader, self.writer, self.urgent}:
            await engine.dispose()


@asynccontextmanager
async def transaction(
    *, actor: Who | None = None, urgent: bool = False, patient: bool = False
) -> AsyncIterator[Transaction]:
    """Change the database: commits at the end, rolls back on any error, then tells the bus.

    `actor` is who acts, so that nobody takes more than their share of the queue. What ends
    somebody's access is `urgent`, and goes first; what is `patient` lets others go first for a
    moment (`services.core.write_queue`).

    Raises `DatabaseUnavailableError` where the database is locked, full, read-only or gone, and
    `TooMuchAtOnceError` where too many acts of the actor's are waiting already.
    """
    current = runtime.current()
    turn = Turn.URGENT if urgent else Turn.PATIENT if patient else Turn.USUAL
    if is_looking():
        reader = current.database.urgent_reader if urgent else current.database.reader
        async with (
            current.database.looks.turn(turn, actor),
            _translated(),
            Transaction(reader, LookingSession) as tx,
            tx.begin(),
        ):
            yield tx
            await tx.flush()
        return
    engine = current.database.urgent if urgent else current.database.writer
    async with current.database.queue.turn(turn, actor):
        async with _translated(), Transaction(engine) as tx:
            async with tx.begin():
                yield tx
                await tx.flush()
                if tx.events:
                    await transport.send(tx, tx.events)
            committed_at = time.perf_counter()
        # Within the turn: events leave in the order of the commits.
        origin = current.process_id
        current.bus.publish(stamped(event, committed_at, origin) for event in tx.events)


@asynccontextmanager
async def reading() -> AsyncIterator[Transaction]:
    """Read the database. (On PostgreSQL each query sees what was committed before it began.)"""
    async with _translated(), Transaction(runtime.current().database.reader) as tx, tx.begin():
        yield tx


async def insert_if_missing(tx: Transaction, row: SQLModel) -> bool:
    """Insert the row unless its key is taken; tells whether it did.

    Where another transaction is inserting the same key, this waits for its end.
    """
    insert = sqlite_insert if runtime.current().database.is_sqlite else postgresql_insert
    # One row's insert is compiled once, and that of several each time.
    one = insert(inspect(type(row)).local_table).values(row.model_dump()).on_conflict_do_nothing()
    inserted = await tx.exec(one.execution_options(preserve_rowcount=True))
    return inserted.rowcount == 1


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        log.error("No connection to the database was free in time")
        raise DatabaseUnavailableError from error
    except (DBAPIError, sqlite3.OperationalError) as error:
        reason = lasting_reason(error)
        broke = isinstance(error, DBAPIError) and error.connection_invalidated
        if not (reason or broke or isinstance(error, OperationalError | sqlite3.OperationalError)):
            raise
        log.error("The database failed: %s", error)
        raise DatabaseUnavailableError(reason) from error


def lasting_reason(error: Exception) -> str:
    """What is wrong with the database that waiting won't mend; empty where it may."""
    causes = [error, getattr(error, "orig", None), getattr(error, "driver_exception", None)]
    # The lowest byte says what kind an error is (SQLite, Result and Error Codes).
    codes = {getattr(cause, "sqlite_errorcode", 0) & 0xFF for cause in causes}
    states = {getattr(cause, "sqlstate", None) for cause in causes}
    if sqlite3.SQLITE_FULL in codes or DISK_FULL in states:
        return "The disk of the database is full."
    if sqlite3.SQLITE_READONLY in codes or READ_ONLY in states:
        return "The database can only be read now."
    return ""
