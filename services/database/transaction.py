"""The database, and the one way to change it: `async with transaction() as tx`.

Events that a transaction publishes leave after its commit, and not at all where it rolls back.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm.util import identity_key
from sqlalchemy.util import await_only
from sqlmodel import Session, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.core.errors import DatabaseUnavailableError
from services.core.events import Event, stamped
from services.core.repeats import Repeats
from services.database import runtime
from services.database.looking import (
    LookingSession,
    ReadingSession,
    WouldWriteError,
    is_looking,
    outside_of_calls,
)
from services.database.right_of_way import begun
from services.database.updating import write_changes
from services.database.write_queue import Turn, Who

log = logging.getLogger(__name__)

RowT = TypeVar("RowT", bound=SQLModel)
AnyT = TypeVar("AnyT")

# PostgreSQL's manual, appendix A (Error Codes).
DISK_FULL, READ_ONLY, DISK_FAILS = "53100", "25006", "58030"

LOCKED: Mapping[str, Any] = {"with_for_update": {"key_share": True}, "populate_existing": True}
"""For `Transaction.get`: the row as it is now, locked until the transaction ends. Every lock leaves
the row's key alone (`key_share`, PostgreSQL's FOR NO KEY UPDATE), so that an insert which refers to
the row doesn't wait. Otherwise two acts whose rows refer to each other would wait for one another.
"""


Write = Callable[[], Awaitable[None]]
_UNWRITTEN = "unwritten"
"""Where a session keeps what its next flush writes besides its models: a list of `Write`."""


class WritingSession(Session):
    """Its flush also writes what isn't a model (`Transaction.with_flush`), and writes changed rows
    by itself (`services.database.updating`)."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what isn't written yet: before a query that could see it, before a savepoint, and
        before the commit."""
        for write in self.info.pop(_UNWRITTEN, ()):
            await_only(write())
        if objects is not None or not write_changes(self):
            super().flush(objects)


@event.listens_for(WritingSession, "before_commit")
def _commits(session: Session) -> None:
    # By itself a commit flushes only if there are changed models.
    if session.info.get(_UNWRITTEN):
        session.flush()


class Transaction(AsyncSession):
    """A database session that also collects the events of what it did."""

    def __init__(self, engine: AsyncEngine, kind: type[Session] = WritingSession) -> None:
        super().__init__(engine, expire_on_commit=False, autoflush=True, sync_session_class=kind)
        self.events: list[Event] = []
        self.only_looks = kind is LookingSession
        """Whether nothing may be written (`services.database.looking`)."""
        self._with_events: list[Callable[[], None]] = []

    def publish(self, event: Event) -> None:
        """Have the event leave after the commit."""
        self.writes()
        self.events.append(event)

    def writes(self) -> None:
        """Say that something is about to be written: a look ends here."""
        if self.only_looks:
            raise WouldWriteError

    def along_with_events(self, write: Callable[[], None]) -> None:
        """Do this before the commit, if an event is published by then. It is for what isn't worth
        a write of its own."""
        self._with_events.append(write)

    def with_flush(self, write: Write) -> None:
        """Have the next flush await this, once: it writes what isn't a model."""
        self.info.setdefault(_UNWRITTEN, []).append(write)

    def finish(self) -> None:
        """Do what goes along with the events. The flush before the commit writes it, with all that
        isn't written yet: each flush has a price of its own."""
        if self.events:
            for write in self._with_events:
                write()

    async def __aexit__(self, *failed: Any) -> None:
        """Close it. Once it was committed or rolled back, that waits for nothing; SQLAlchemy would
        start a task for it."""
        if self.in_transaction():
            await super().__aexit__(*failed)
        else:
            self.sync_session.close()

    def known(self, table: type[AnyT], row_id: UUID) -> AnyT | None:
        """A row that this transaction has read, as it is in memory; none if it has to be read."""
        row = self.sync_session.identity_map.get(identity_key(table, row_id))
        return None if row is None or inspect(row).expired else row

    def hold(self, *rows: object) -> None:
        """Keep rows until the transaction ends, so that a later query finds them in memory:
        SQLAlchemy refers to them only weakly, and would read them again."""
        self.info.setdefault("held", []).extend(rows)


@asynccontextmanager
async def transaction(
    *,
    actor: Who | None = None,
    urgent: bool = False,
    patient: bool = False,
    reserve: bool = False,
) -> AsyncIterator[Transaction]:
    """Change the database: commits at the end, rolls back on any error, then tells the bus.

    `actor` is who acts, so that nobody takes more than their share of the queue. What ends
    somebody's access is `urgent`: it goes first, all others begin nothing meanwhile
    (`services.database.right_of_way`), and it has room where the disk is full
    (`services.database.reserve`). What is written once, after such an act, says `reserve`: it has
    that room too, and takes its turn like all others. What is `patient` lets others go first for a
    moment (`services.database.write_queue`).

    What isn't urgent gives way once more before the caller goes on.

    Raises `DatabaseUnavailableError` where the database is locked, full, read-only or gone, and
    `TooMuchAtOnceError` where too many acts of the actor's are waiting already.
    """
    right_of_way = runtime.current().database.right_of_way
    if not urgent:
        await right_of_way.wait()
    with right_of_way.given(actor) if urgent else nullcontext():
        async with _in_turn(actor, urgent=urgent, patient=patient, reserve=reserve) as tx:
            yield tx
        if not urgent:
            # It holds nothing any more that an act could wait for.
            await right_of_way.wait()
        if tx.events:
            # Before the caller says what came of it, who hears of it begins, and what they send
            # leaves: the notices to pages that are cut go first.
            await asyncio.sleep(0)
            await asyncio.sleep(0)


@asynccontextmanager
async def _in_turn(
    actor: Who | None, *, urgent: bool, patient: bool, reserve: bool
) -> AsyncIterator[Transaction]:
    current = runtime.current()
    turn = Turn.URGENT if urgent else Turn.PATIENT if patient else Turn.USUAL
    if is_looking(lambda: current.database.queue.is_free_for(actor)):
        reader = current.database.urgent_reader if urgent else current.database.reader
        # A look locks nothing that an act could wait for: it gives way at each of its statements.
        with begun() if urgent else nullcontext():
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
        if not urgent and not current.database.is_sqlite:
            # The turn may have come in the middle of an urgent act, which has slots of its own.
            await current.database.right_of_way.wait()
        with current.database.reserve.lent() if urgent or reserve else nullcontext(), begun():
            async with _translated(), Transaction(engine) as tx:
                yield tx
                tx.finish()
                if tx.events:
                    await current.transport.send(tx, tx.events)
                await tx.flush()
                cancelled = await _to_its_end(tx.commit())
                committed_at = time.perf_counter()
        # Within the turn: events leave in the order of the commits.
        origin = current.process_id
        with outside_of_calls(), begun(False):
            current.bus.publish(stamped(event, committed_at, origin) for event in tx.events)
        if cancelled is not None:
            raise cancelled


async def _to_its_end(step: Coroutine[Any, Any, None]) -> asyncio.CancelledError | None:
    """Do the whole step, even if who waits for it is cancelled meanwhile: returns the cancellation,
    to be raised later. A COMMIT that is under way can't be called back. The database may do it, and
    then its events have to leave."""
    task = asyncio.create_task(step)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and task.exception() is not None:
        raise cancelled from task.exception()
    task.result()
    return cancelled


@asynccontextmanager
async def reading() -> AsyncIterator[Transaction]:
    """Read the database as it is at one moment: at the first query. It locks nothing."""
    current = runtime.current()
    await current.database.right_of_way.wait()
    reader = current.database.reader
    async with _translated(), Transaction(reader, ReadingSession) as tx, tx.begin():
        yield tx


async def insert_if_missing(tx: Transaction, row: SQLModel) -> bool:
    """Insert the row unless its key is taken; returns whether it was inserted. If another
    transaction is inserting the same key, this waits for its end."""
    columns = inspect(type(row)).columns
    values = {columns[name].name: value for name, value in row.model_dump().items()}
    one = _insert_missing(type(row), runtime.current().database.is_sqlite)
    return bool((await tx.exec(one, params=values)).rowcount == 1)


@lru_cache
def _insert_missing(model: type[SQLModel], is_sqlite: bool) -> Any:
    insert = sqlite_insert if is_sqlite else postgresql_insert
    one = insert(inspect(model).local_table).on_conflict_do_nothing()
    return one.execution_options(preserve_rowcount=True)


async def insert_missing(tx: Transaction, rows: Sequence[RowT]) -> list[RowT]:
    """Insert those of the rows, all of one table, whose keys aren't taken; returns these. It does
    for many what `insert_if_missing` does for one, by one statement."""
    if not rows:
        return []
    insert = sqlite_insert if runtime.current().database.is_sqlite else postgresql_insert
    mapper = inspect(type(rows[0]))
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    values = [
        {mapper.columns[name].name: value for name, value in row.model_dump().items()}
        for row in rows
    ]
    several = insert(mapper.local_table).on_conflict_do_nothing().returning(*mapper.primary_key)
    keys = {tuple(key) for key in await tx.exec(several, params=values)}
    return [row for row in rows if tuple(getattr(row, name) for name in names) in keys]


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
        runtime.current().part(Repeats).tell(
            log, logging.ERROR, f"The database failed: {getattr(error, 'orig', error)}"
        )
        raise DatabaseUnavailableError(reason) from error


def lasting_reason(error: Exception) -> str:
    """What is wrong with the database and doesn't end by waiting; empty if it may end."""
    causes = [error, getattr(error, "orig", None), getattr(error, "driver_exception", None)]
    # The lowest byte says what kind an error is (SQLite, Result and Error Codes).
    codes = {getattr(cause, "sqlite_errorcode", 0) & 0xFF for cause in causes}
    states = {getattr(cause, "sqlstate", None) for cause in causes}
    if sqlite3.SQLITE_FULL in codes or DISK_FULL in states:
        return "The disk of the database is full."
    if sqlite3.SQLITE_READONLY in codes or READ_ONLY in states:
        return "The database can only be read now."
    if sqlite3.SQLITE_IOERR in codes or DISK_FAILS in states:
        return "The disk of the database fails."
    return ""
