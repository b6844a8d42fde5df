"""Carries events between processes that share a database.

PostgreSQL: NOTIFY in the same transaction, one LISTEN connection per process. SQLite: a row in the
same transaction, and a look at `PRAGMA data_version` when the file was written, which changes when
another connection has committed.

A lost message makes nothing wrong: every service call asks the database, and open pages are
compared with it all the time (`ui.live`). Whoever listens again after an interruption hears a
`Listening`, and makes up for what it missed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import aiosqlite
import psycopg
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, delete, select

from models import BusMessage
from services.core import clock, runtime
from services.core.events import Event, from_message, to_message
from services.core.file_watch import FileWatch, watching

if TYPE_CHECKING:
    from services.core.db import Transaction

log = logging.getLogger(__name__)

CHANNEL = "rollcall"
# What PostgreSQL shows as the listening connection's name (its manual, pg_stat_activity).
LISTENER = "rollcall listener"
# PostgreSQL refuses a NOTIFY payload of 8000 bytes or more (its manual, NOTIFY).
MAX_PAYLOAD = 7900
# How often SQLite's data_version is looked at, in seconds: for `COMMIT_SECONDS` after the file was
# written (or always, where nobody tells that it was), and else, for commits that took longer.
LOOK_SECONDS, REST_SECONDS = 0.1, 3.0
COMMIT_SECONDS = 1.0
# A process that didn't read a message for so long starts afresh from the database anyway.
KEEP = timedelta(minutes=10)
RECONNECT_SECONDS = 0.5
# On PostgreSQL a process that serves hears at least its own signs of life, much more often than
# this: a connection that is silent for so many seconds is dead, though nobody said so.
SILENCE_SECONDS = 10
CONNECT_SECONDS = 5

# A failure that lasts is logged once in so many seconds.
REPEAT_SECONDS = 60
# How long a process that begins to listen waits to hear itself, in seconds.
ECHO_SECONDS = 5
DEAF = (
    "LISTEN is accepted, and nothing is heard: the database is behind a proxy that pools "
    "transactions. Lead ROLLCALL_DATABASE_URL to PostgreSQL itself, or let the proxy pool sessions."
)

_heard_at = 0.0
_deaf_because = "it doesn't listen yet"
_version: object = None


@dataclass(frozen=True, kw_only=True)
class Listening(Event):
    """This process hears the others from now on; `again` where it did before, and may have missed
    something. Isn't sent to anybody."""

    again: bool


def heard_at() -> float:
    """When anything was last heard, by `time.perf_counter()`; one's own messages count."""
    return _heard_at


def deaf_because() -> str:
    """Why this process doesn't hear the others now; empty where it does."""
    return _deaf_because


async def try_to_hear() -> str:
    """Listen for a moment, and say something to oneself: why that isn't heard; empty where it is.

    For a process that doesn't listen, or before it does. SQLite needs none of this.
    """
    current = runtime.current()
    if current.database.is_sqlite:
        return ""
    try:
        async with await current.database.server.listen(LISTENER) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            await _say_to_oneself()
            async for _ in connection.notifies(timeout=ECHO_SECONDS, stop_after=1):
                return ""
    except (OSError, psycopg.Error) as error:
        return str(error)
    return DEAF


def sqlite_version() -> object:
    """Another one each time that something was found committed to the SQLite file, and none where
    nobody listens."""
    return _version


async def send(tx: Transaction, events: Sequence[Event]) -> None:
    """Write the events where other processes will see them once this transaction commits."""
    current = runtime.current()
    messages = [to_message(event) for event in events]
    if current.database.is_sqlite:
        now = clock.now()
        payload = json.dumps(messages)
        tx.add(BusMessage(origin=current.process_id, payload=payload, at=now))
        return
    for message in messages:
        payload = json.dumps({"from": current.process_id, "messages": [message]})
        if len(payload.encode()) > MAX_PAYLOAD:
            log.warning("An event is too long to send to other processes: %s", message["event"])
            continue
        await tx.exec(select(func.pg_notify(CHANNEL, payload)))


async def remove_old(tx: Transaction) -> None:
    """Remove the messages that every process on this database has had time to read."""
    await tx.exec(delete(BusMessage).where(col(BusMessage.at) < clock.now() - KEEP))


async def receive() -> None:
    """Publish what other processes commit, until cancelled; reconnects by itself."""
    listen = _listen_sqlite if runtime.current().database.is_sqlite else _listen_postgresql
    logged_at, logged = 0.0, ""
    for attempt in count():
        try:
            await listen(again=attempt > 0)
        except (OSError, psycopg.Error, aiosqlite.Error) as error:
            _set_deaf(str(error).strip().partition("\n")[0])
            now = time.perf_counter()
            if _deaf_because != logged or now - logged_at > REPEAT_SECONDS:
                log.warning("Listening for other processes failed, trying again: %s", _deaf_because)
                logged_at, logged = now, _deaf_because
            await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            if not _deaf_because:
                _set_deaf("it listens no more")


def _set_deaf(reason: str) -> None:
    global _deaf_because  # noqa: PLW0603 - there is one listener in a process
    _deaf_because = reason


async def _listen_sqlite(*, again: bool) -> None:
    global _version
    current = runtime.current()
    path = cast(str, current.database.url.database)
    async with aiosqlite.connect(path) as connection:
        last = await _value(connection, "SELECT coalesce(max(number), 0) FROM bus_message")
        current.bus.publish([Listening(again=again)])
        _set_deaf("")
        version = -1
        with watching([f"{path}-wal"]) as watch, _listening():
            while True:
                seen = await _value(connection, "PRAGMA data_version")
                if seen != version:
                    version, _version = seen, object()
                    rows = await connection.execute_fetchall(
                        "SELECT number, origin, payload FROM bus_message WHERE number > ?"
                        " ORDER BY 1",
                        (last,),
                    )
                    for number, origin, payload in rows:
                        last = number
                        _publish(origin, json.loads(payload))
                await _until_written(watch)


@contextmanager
def _listening() -> Iterator[None]:
    global _version  # noqa: PLW0603 - there is one listener in a process
    try:
        yield
    finally:
        _version = None


async def _until_written(watch: FileWatch) -> None:
    # What is written counts from its commit on: a slow disk may take a while for that.
    if not watch.has_news or watch.heard_within(COMMIT_SECONDS):
        await asyncio.sleep(LOOK_SECONDS)
    else:
        await watch.wait(REST_SECONDS)


async def _value(connection: aiosqlite.Connection, query: str) -> int:
    async with connection.execute(query) as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _listen_postgresql(*, again: bool) -> None:
    current = runtime.current()
    async with await current.database.server.listen(LISTENER) as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        current.bus.publish([Listening(again=again)])
        _set_deaf(DEAF)  # until it hears itself
        await _say_to_oneself()
        heard, seconds = True, ECHO_SECONDS
        while heard:
            heard = False
            async for notice in connection.notifies(timeout=seconds):
                heard = True
                _set_deaf("")
                message = json.loads(notice.payload)
                _publish(message["from"], message["messages"])
            seconds = SILENCE_SECONDS
        raise ConnectionError(_deaf_because or f"nothing was heard for {SILENCE_SECONDS} seconds")


async def _say_to_oneself() -> None:
    """Tell the channel nothing, by a connection that serves: a proxy may lead it elsewhere."""
    current = runtime.current()
    payload = json.dumps({"from": current.process_id, "messages": []})
    try:
        async with current.database.writer.begin() as connection:
            await connection.execute(select(func.pg_notify(CHANNEL, payload)))
    except SQLAlchemyError as error:
        raise ConnectionError(f"nothing can be told: {getattr(error, 'orig', error)}") from error


def _publish(origin: str, messages: Sequence[dict[str, Any]]) -> None:
    global _heard_at  # noqa: PLW0603 - there is one listener in a process
    _heard_at = time.perf_counter()
    if origin == runtime.current().process_id:
        return  # heard at the commit already
    events = [from_message(message, _heard_at, origin) for message in messages]
    runtime.current().bus.publish(event for event in events if event is not None)
