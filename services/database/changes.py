"""Whether anything was committed since the last look, at a fraction of the cost of a query. Callers
that poll ask this first."""

import asyncio
import time
from contextlib import suppress

from sqlalchemy import String, cast, func
from sqlmodel import select

from services.database import runtime
from services.database.transaction import reading


class Rhythm:
    """When a worker looks again: `soon` (in seconds) after its last look if anything was committed
    since that began, and otherwise `seldom`. Where nobody tells of commits, it is always soon."""

    def __init__(self, soon: float, seldom: float) -> None:
        self._soon, self._seldom = soon, seldom
        self._seen = runtime.current().transport.version

    async def rest(self) -> None:
        """Wait for the next look."""
        begun, transport = time.monotonic(), runtime.current().transport
        if self._seen is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seldom):
                    while transport.version is self._seen:
                        await transport.changed()
        await asyncio.sleep(max(0.0, self._soon - (time.monotonic() - begun)))
        self._seen = transport.version


async def mark() -> object:
    """A mark of what is committed now. Two marks are equal only if no process committed anything
    between them. Take the mark before you look: what is committed meanwhile is then seen the next
    time. (On SQLite that may be as late as its transport's next look.)"""
    if runtime.current().database.is_sqlite:
        return runtime.current().transport.version or object()
    async with reading() as tx:
        # It names every transaction that is under way, and the next one's number: two equal ones
        # see the same rows (PostgreSQL's manual, "Transaction ID and Snapshot Information").
        return (await tx.exec(select(cast(func.pg_current_snapshot(), String)))).one()
