"""Carries events between processes that share a database.

PostgreSQL: NOTIFY in the same transaction, one LISTEN connection per process. SQLite: a row in the
same transaction, and a look at `PRAGMA data_version`, which costs microseconds and changes when
another connection has written.

A lost message makes nothing wrong: every service call asks the database, and open pages are
compared with it all the time (`ui.live`). Whoever listens again after an interruption hears a
`Listening`, and makes up for what it missed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import aiosqlite
import psycopg
from sqlalchemy import func
from sqlmodel import col, delete, select

from models import BusMessage
from services import clock, runtime
from services.events import Event, from_message, to_message

if TYPE_CHECKING:
    from services.db import Transaction

log = logging.getLogger(__name__)

CHANNEL = "rollcall"
# What PostgreSQL shows as the listening connection's name (its manual, pg_stat_activity).
LISTENER = "rollcall listener"
# PostgreSQL refuses a NOTIFY payload of 8000 bytes or more (its manual, NOTIFY).
MAX_PAYLOAD = 7900
# How often SQLite's data_version is looked at, in seconds.
POLL_SECONDS = 0.1
# A process that didn't read a message for so long starts afresh from the database anyway.
KEEP = timedelta(minutes=10)
RECONNECT_SECONDS = 0.5
# On PostgreSQL a process that serves hears at least its own signs of life, much more often than
# this: a connection that is silent for so many seconds is dead, though nobody said so.
SILENCE_SECONDS = 10
CONNECT_SECONDS = 5

_heard_at = 0.0


@dataclass(frozen=True, kw_only=True)
class Listening(Event):
    """This process hears the others from now on; `again` where it did before, and may have missed
    something. Isn't sent to anybody."""

    again: bool


def heard_at() -> float:
    """When anything was last heard, by `time.perf_counter()`; one's own messages count."""
    return _heard_at


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
    for attempt in count():
        try:
            await listen(again=attempt > 0)
        except (OSError, psycopg.Error, aiosqlite.Error) as error:
            log.warning("Listening for other processes failed, trying again: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)


async def _listen_sqlite(*, again: bool) -> None:
    current = runtime.current()
    async with aiosqlite.connect(cast(str, current.database.url.database)) as connection:
        last = await _value(connection, "SELECT coalesce(max(number), 0) FROM bus_message")
        current.bus.publish([Listening(again=again)])
        version = -1
        while True:
            seen = await _value(connection, "PRAGMA data_version")
            if seen != version:
                version = seen
                rows = await connection.execute_fetchall(
                    "SELECT number, origin, payload FROM bus_message WHERE number > ? ORDER BY 1",
                    (last,),
                )
                for number, origin, payload in rows:
                    last = number
                    _publish(origin, json.loads(payload))
            await asyncio.sleep(POLL_SECONDS)


async def _value(connection: aiosqlite.Connection, query: str) -> int:
    async with connection.execute(query) as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _listen_postgresql(*, again: bool) -> None:
    current = runtime.current()
    url = current.database.url.set(drivername="postgresql")
    async with await psycopg.AsyncConnection.connect(
        url.render_as_string(hide_password=False),
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name=LISTENER,
    ) as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        current.bus.publish([Listening(again=again)])
        heard = True
        while heard:
            heard = False
            async for notice in connection.notifies(timeout=SILENCE_SECONDS):
                heard = True
                message = json.loads(notice.payload)
                _publish(message["from"], message["messages"])
        raise ConnectionError(f"nothing was heard for {SILENCE_SECONDS} seconds")


def _publish(origin: str, messages: Sequence[dict[str, Any]]) -> None:
    global _heard_at  # noqa: PLW0603 - there is one listener in a process
    _heard_at = time.perf_counter()
    if origin == runtime.current().process_id:
        return  # heard at the commit already
    events = [from_message(message, _heard_at, origin) for message in messages]
    runtime.current().bus.publish(event for event in events if event is not None)
