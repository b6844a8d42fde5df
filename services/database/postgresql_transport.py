"""Events between processes on one PostgreSQL database: NOTIFY in the transaction of the act, and
one listening connection per process."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from sqlalchemy import Text, bindparam, func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.core.bus import Bus
from services.core.events import Event, to_message
from services.database.engines import Database
from services.database.transport import Listening, Transport

log = logging.getLogger(__name__)

CHANNEL = "rollcall"
# What PostgreSQL shows as the listening connection's name (its manual, pg_stat_activity).
LISTENER = "rollcall listener"
# PostgreSQL refuses a NOTIFY payload of 8000 bytes or more (its manual, NOTIFY).
MAX_PAYLOAD = 7900
# A serving process hears at least its own signs of life, much more often than this: a connection
# that is silent for this many seconds is dead, even without an error.
SILENCE_SECONDS = 10
# How long a process that begins to listen waits to hear itself, in seconds.
ECHO_SECONDS = 5
DEAF = (
    "LISTEN is accepted, and nothing is heard: the database is behind a proxy that pools "
    "transactions. Lead ROLLCALL_DATABASE_URL to PostgreSQL itself, or let the proxy pool sessions."
)


# Built once: every act says something.
_NOTIFY = select(func.pg_notify(CHANNEL, bindparam("payload", type_=Text())))


def _payloads(origin: str, messages: Sequence[dict[str, Any]]) -> Iterator[str]:
    """As few notices as these messages, in their order, have room in."""
    payload = _payload(origin, messages)
    if len(payload.encode()) <= MAX_PAYLOAD:
        yield payload
    elif len(messages) == 1:
        log.warning("An event is too long to send to other processes: %s", messages[0]["event"])
    else:
        half = len(messages) // 2
        yield from _payloads(origin, messages[:half])
        yield from _payloads(origin, messages[half:])


def _payload(origin: str, messages: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"from": origin, "messages": messages})


class PostgresqlTransport(Transport):
    """One channel, on which all processes hear each other, and themselves."""

    broken = (OSError, psycopg.Error)

    def __init__(self, process_id: str, bus: Bus, database: Database) -> None:
        super().__init__(process_id, bus)
        self._database = database

    async def send(self, tx: AsyncSession, events: Sequence[Event]) -> None:
        """Write the events where other processes will see them once this transaction commits."""
        messages = [to_message(event) for event in events]
        for payload in _payloads(self.process_id, messages):
            await tx.exec(_NOTIFY, params={"payload": payload})

    async def catch_up(self) -> None:
        """Nothing: PostgreSQL hands messages over at the commit, and can't be asked for them."""

    async def try_to_hear(self) -> str:
        """Listen for a moment, and send oneself a message: returns why it isn't heard, or
        nothing."""
        try:
            async with await self._database.server.listen(LISTENER) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                await self._say_to_oneself()
                async for _ in connection.notifies(timeout=ECHO_SECONDS, stop_after=1):
                    return ""
        except self.broken as error:
            return str(error)
        return DEAF

    async def listen(self, *, again: bool) -> None:
        """Publish what other processes commit, until the connection breaks or goes silent."""
        async with await self._database.server.listen(LISTENER) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.bus.publish([Listening(again=again)])
            self.deaf_because = DEAF  # until it hears itself
            await self._say_to_oneself()
            heard, seconds = True, ECHO_SECONDS
            while heard:
                heard = False
                async for notice in connection.notifies(timeout=seconds):
                    heard = True
                    self.deaf_because = ""
                    message = json.loads(notice.payload)
                    self.publish(message["from"], message["messages"])
                seconds = SILENCE_SECONDS
            why = self.deaf_because or f"nothing was heard for {SILENCE_SECONDS} seconds"
            raise ConnectionError(why)

    async def _say_to_oneself(self) -> None:
        """Send an empty message by a connection that serves: a proxy may lead it to another
        server."""
        payload = json.dumps({"from": self.process_id, "messages": []})
        try:
            async with self._database.writer.begin() as connection:
                await connection.execute(select(func.pg_notify(CHANNEL, payload)))
        except SQLAlchemyError as error:
            why = getattr(error, "orig", error)
            raise ConnectionError(f"nothing can be told: {why}") from error
