"""Connections to PostgreSQL: from a url as libpq reads it, and to one that may go silent.

Nothing here puts a url together again: what the operator wrote is read once, and passed on as
arguments. An error about the url never repeats a part of it, since that may be the password's.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, timeout_from_conninfo

from services.core.errors import OperatorError
from services.core.right_of_way import RightOfWay

# If a statement has no answer after this many seconds, we ask whether the server answers at all.
DOUBT_SECONDS = 3
# How long a new connection may take, in seconds. Together with that question, and the pause for
# those who come next, nobody waits longer than 10 seconds.
CONNECT_SECONDS = 5
# After a connection took too long, the next ones fail at once for this many seconds, so that
# callers who waited in the pool's queue don't wait once more.
REST_SECONDS = 1
# The kernel notices a server that vanished without a word: if data isn't acknowledged for this many
# milliseconds, or if two keepalives in a silence get no answer (PostgreSQL's manual, 34.1.2,
# tcp_user_timeout and keepalives).
LINK = {
    "tcp_user_timeout": 8000,
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
WRONG_URL = (
    "ROLLCALL_DATABASE_URL can't be read: it must look like "
    "postgresql://NAME:PASSWORD@HOST:PORT/DATABASE (HOST:PORT,HOST:PORT for several hosts; "
    "?PARAMETER=VALUE& for libpq's parameters). "
    "In the name and the password, write % as %25, @ as %40, / as %2F and ? as %3F."
)


def arguments(url: str) -> dict[str, Any]:
    """Read a url of PostgreSQL into the arguments of `psycopg.connect`.

    Raises `OperatorError`, with nothing of the url in it.
    """
    _, _, rest = url.partition("://")
    before, at, after = rest.partition("@")
    if not at or "/" in before:  # a name ends before the first slash (libpq, URIs)
        before, at, after = "", "", rest
    where, _, query = after.partition("?")
    # Another @ is part of the password as it is; what follows it would be read as a host name.
    if "@" in where or len(re.findall(r"(?:^|&)host=", query)) > 1:
        raise OperatorError(WRONG_URL)
    try:
        given = conninfo_to_dict(f"postgresql://{rest.replace(' ', '%20')}")
        timeout_from_conninfo(given)  # psycopg itself reads it only when it connects
    except psycopg.Error:
        raise OperatorError(WRONG_URL) from None
    ports = str(given.get("port") or "").split(",")
    if any(port and not (port.isascii() and port.isdigit()) for port in ports):
        raise OperatorError(WRONG_URL)
    hosts = str(given.get("host") or "").split(",")
    # libpq tries one host after the other, each for this long; it takes less than 2 as 2.
    defaults = {"connect_timeout": max(2, CONNECT_SECONDS // len(hosts)), **LINK}
    return defaults | given | {"client_encoding": "utf8"}


C = TypeVar("C", bound=psycopg.AsyncConnection[Any])


class Server:
    """A PostgreSQL server, and whether it answers. What only reads there gives `right_of_way`."""

    def __init__(self, url: str, right_of_way: RightOfWay) -> None:
        self.arguments = arguments(url)
        self.right_of_way = right_of_way
        self._silent_at = -float("inf")
        self._asking: asyncio.Task[bool] | None = None

    async def connect(self) -> Connection:
        """A connection for transactions. Raises `psycopg.Error`, soon where nothing answers."""
        if time.monotonic() - self._silent_at < REST_SECONDS:
            raise psycopg.errors.ConnectionTimeout("the server doesn't answer")
        connection = await self._within_limit(Connection.connect(**self.arguments))
        connection.server = self
        return connection

    async def listen(self, name: str) -> psycopg.AsyncConnection[Any]:
        """A connection for LISTEN, which may be silent for long. Raises `psycopg.Error`."""
        return await self._within_limit(
            psycopg.AsyncConnection.connect(
                **self.arguments | {"application_name": name}, autocommit=True
            )
        )

    async def answers(self) -> bool:
        """Whether the server answers a new connection, even by refusing it. Callers that ask at the
        same time share one answer."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        try:
            probe = psycopg.AsyncConnection.connect(**self.arguments)
            await (await self._within_limit(probe)).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except (psycopg.Error, OSError):
            return True
        return True

    async def _within_limit(self, connecting: Awaitable[C]) -> C:
        # psycopg's own limit is for each host, and doesn't include the look-up of its name.
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await connecting
        except (psycopg.errors.ConnectionTimeout, TimeoutError):
            self._silent_at = time.monotonic()
            raise psycopg.errors.ConnectionTimeout("the server doesn't answer") from None


class Connection(psycopg.AsyncConnection[Any]):
    """A connection that breaks if the server goes silent.

    A statement may take its time. It ends, with the error of a broken connection, only if the
    server doesn't answer anybody else either.
    """

    server: Server | None = None
    _doubting: asyncio.Task[None] | None = None

    async def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for the server, as long as it answers.

        What only reads gives way before each statement, and again with its answer. A page or a
        search asks several, and what it makes of an answer takes as long as a step of an act."""
        await self._give_way()
        # A timer costs a microsecond, a task ten: most statements are done long before.
        timer = asyncio.get_running_loop().call_later(DOUBT_SECONDS, self._begin_to_doubt)
        try:
            answer = await super().wait(*args, **kwargs)
        finally:
            timer.cancel()
            if self._doubting is not None:
                self._doubting.cancel()
                self._doubting = None
        await self._give_way()
        return answer

    async def _give_way(self) -> None:
        if self.server is not None:
            await self.server.right_of_way.wait()

    def _begin_to_doubt(self) -> None:
        self._doubting = asyncio.create_task(self._doubt())

    async def _doubt(self) -> None:
        while True:
            if self.server is not None and not await self.server.answers():
                self._break()
                return
            await asyncio.sleep(DOUBT_SECONDS)

    def _break(self) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(self.fileno())) as link:
            link.shutdown(socket.SHUT_RDWR)
