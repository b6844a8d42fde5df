"""Events between processes on one SQLite file: rows, and a look at `PRAGMA data_version` after the
file was written; it changes when another connection has committed."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import cast

import aiosqlite
from sqlalchemy import insert
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from models import BusMessage
from services.core import clock
from services.core.bus import Bus
from services.core.events import Event, to_message
from services.database.engines import Database
from services.database.file_watch import FileWatch, watching
from services.database.prepared import Prepared
from services.database.transport import Listening, Transport

# How soon data_version is read again, in seconds: for `COMMIT_SECONDS` after the file was written
# (or always, if nothing reports writes); then, for commits that took longer, until the last write
# is `SLOWEST_COMMIT_SECONDS` ago; and otherwise, as some file systems accept a watch and don't
# report what other machines write.
LOOK_SECONDS, SLOW_SECONDS, REST_SECONDS = 0.1, 3.0, 10.0
COMMIT_SECONDS, SLOWEST_COMMIT_SECONDS = 1.0, 60.0
# Seconds between the news of a write and the look: most writes are this process's own, and what it
# does itself goes first.
AFTER_OWN_SECONDS = 0.005
# A process that hasn't read messages for this long starts afresh from the database anyway.
KEEP = timedelta(minutes=10)


_SENT = Prepared(insert(BusMessage))


class SqliteTransport(Transport):
    """Rows of `bus_message`, which every process reads in their order."""

    broken = (OSError, aiosqlite.Error)

    def __init__(self, process_id: str, bus: Bus, database: Database) -> None:
        super().__init__(process_id, bus)
        self._path = cast(str, database.url.database)
        self._reader: _Reader | None = None

    async def send(self, tx: AsyncSession, events: Sequence[Event]) -> None:
        """Write the events where other processes will see them once this transaction commits."""
        payload = json.dumps([to_message(event) for event in events])
        await _SENT.rows(tx, origin=self.process_id, payload=payload, at=clock.now())

    async def try_to_hear(self) -> str:
        """Nothing can be in the way: every process that can read the file hears."""
        return ""

    async def listen(self, *, again: bool) -> None:
        """Publish what other processes commit, until cancelled."""
        async with aiosqlite.connect(self._path) as connection:
            last = await _value(connection, "SELECT coalesce(max(number), 0) FROM bus_message")
            self._reader = _Reader(self, connection, last)
            self.bus.publish([Listening(again=again)])
            self.deaf_because = ""
            with watching([f"{self._path}-wal"]) as watch:
                try:
                    while True:
                        await self._reader.read()
                        await _until_written(watch)
                        await asyncio.sleep(AFTER_OWN_SECONDS)
                finally:
                    self._reader = None
                    self.note(None)

    async def catch_up(self) -> None:
        """Publish what other processes have committed until now, if this process listens."""
        # What breaks the connection is told by `listen`, and one that is being closed raises
        # ValueError.
        with suppress(*self.broken, ValueError):
            if self._reader is not None:
                await self._reader.read()


class _Reader:
    """Reads the messages that others have written since the last time, on a connection of its
    own."""

    def __init__(
        self, transport: SqliteTransport, connection: aiosqlite.Connection, last: int
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._last = last
        self._version = -1
        self._turn = asyncio.Lock()

    async def read(self) -> None:
        """Publish them."""
        async with self._turn:
            seen = await _value(self._connection, "PRAGMA data_version")
            if seen == self._version:
                return
            self._transport.note(object())
            rows = await self._connection.execute_fetchall(
                "SELECT number, origin, payload FROM bus_message WHERE number > ? ORDER BY 1",
                (self._last,),
            )
            for number, origin, payload in rows:
                self._last = number
                self._transport.publish(origin, json.loads(payload))
            self._version = seen  # if this failed, it is read again


async def remove_old(tx: AsyncSession) -> None:
    """Remove the messages that every process on this database has had time to read."""
    await tx.exec(delete(BusMessage).where(col(BusMessage.at) < clock.now() - KEEP))


async def _until_written(watch: FileWatch) -> None:
    if not watch.has_news:
        await asyncio.sleep(LOOK_SECONDS)
    elif (silence := watch.silence) < COMMIT_SECONDS:
        # A message counts from its commit on, and a slow disk may need a while for that. The longer
        # ago it was written, the later this looks again, unless there is news.
        await asyncio.sleep(LOOK_SECONDS)
        await watch.wait(max(0.0, silence - LOOK_SECONDS))
    else:
        await watch.wait(SLOW_SECONDS if silence < SLOWEST_COMMIT_SECONDS else REST_SECONDS)


async def _value(connection: aiosqlite.Connection, query: str) -> int:
    rows = [*await connection.execute_fetchall(query)]
    return int(rows[0][0]) if rows else 0
