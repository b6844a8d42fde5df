"""Connections to a PostgreSQL that may go silent."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

from services.core.postgresql_url import CONNECT_SECONDS, arguments
from services.database.right_of_way import RightOfWay

# If a statement has no answer after this many seconds, we ask whether the server answers at all.
DOUBT_SECONDS = 3
# After a connection took too long, the next ones fail at once for this many seconds, so that
# callers who waited in the pool's queue don't wait once more.
REST_SECONDS = 1

_psycopg = logging.getLogger("psycopg")

C = TypeVar("C", bound=psycopg.AsyncConnection[Any])


class _HungUp(logging.Filter):
    """Psycopg warns of each query whose asker has hung up, which anybody may do at any time."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is logged: as what it is, and so only where such things are."""
        if not record.msg.startswith("query cancellation interrupted"):
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return _psycopg.isEnabledFor(logging.DEBUG)


_hung_up = _HungUp()


class Server:
    """A PostgreSQL server, and whether it answers. What only reads there gives `right_of_way`."""

    def __init__(self, url: str, right_of_way: RightOfWay) -> None:
        _psycopg.addFilter(_hung_up)
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
