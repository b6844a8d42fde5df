"""Several counts by one statement."""

from typing import Any

from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from services.core.db import Transaction


async def count_each(tx: Transaction, *queries: SelectOfScalar[int]) -> list[int]:
    """The result of each of these queries, which count something. The database plans each as if it
    stood alone."""
    together: Any = select(*(query.scalar_subquery() for query in queries))
    found: Any = (await tx.exec(together)).one()
    return list(found)
