"""Whether anything was committed since the last look, at a fraction of the cost of a query. Callers
that poll ask this first."""

from sqlalchemy import String, cast, func
from sqlmodel import select

from services.core import runtime
from services.core.db import reading
from services.core.sqlite_transport import SqliteTransport


async def mark() -> object:
    """A mark of what is committed now. Two marks are equal only if no process committed anything
    between them. Take the mark before you look: what is committed meanwhile is then seen the next
    time. (On SQLite that may be as late as its transport's next look.)"""
    transport = runtime.current().transport
    if isinstance(transport, SqliteTransport):
        return transport.version or object()
    async with reading() as tx:
        # It names every transaction that is under way, and the next one's number: two equal ones
        # see the same rows (PostgreSQL's manual, "Transaction ID and Snapshot Information").
        return (await tx.exec(select(cast(func.pg_current_snapshot(), String)))).one()
