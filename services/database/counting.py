"""Counts several queries by one statement."""

from typing import Any

from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from services.database.transaction import Transaction


async def count_each(tx: Transaction, *queries: SelectOfScalar[int]) -> list[int]:
    """The results of these queries, each of which counts something. The database plans each one
    separately."""
    together: Any = select(*(query.scalar_subquery() for query in queries))
    found: Any = (await tx.exec(together)).one()
    return list(found)
