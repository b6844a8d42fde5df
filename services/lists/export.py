"""A list as a CSV file."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

from services.core.csv_files import csv_lines, ending
from services.database.pieces import joined, let_others_in
from services.database.transaction import Transaction
from services.lists.declaration import Column, LiveList
from services.lists.keyset import last_key
from services.lists.query import Key, ListQuery
from services.lists.slices import find, rows_of

# How many rows are read at once. (They are written in pieces: `services.database.pieces`.)
BATCH = 500


class View(Protocol):
    """A look at the database by somebody who may (`services.audit.acting.View`)."""

    @property
    def tx(self) -> Transaction:
        """Their transaction."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant in which they work."""


async def csv_pieces(
    look: Callable[[], AbstractAsyncContextManager[View]],
    live_list: LiveList[Any],
    query: ListQuery,
    columns: Sequence[str] = (),
) -> AsyncIterator[str]:
    """What a query finds, in its order, with these columns (or those that are shown at first).

    Before each batch, `look` checks whether the reader may still see it. The last line says how
    many rows there are.
    """
    wanted = [c for c in live_list.columns if (c.key in columns if columns else c.shown)]
    keys = [column.key for column in wanted]
    yield csv_lines([[column.label for column in wanted]], first=True)
    key: Key | None = None
    count = 0
    while True:
        async with look() as view:
            listing = await find(view.tx, live_list, query, view.tenant_id)
            found = await listing.after(view.tx, key, BATCH)
            await let_others_in()
            rows = await rows_of(view.tx, live_list, [row for _, row in found], keys)
            if not found:
                break
            key = await last_key(view.tx, listing, found)
        yield await joined(
            rows, lambda some: csv_lines([_text(column, row) for column in wanted] for row in some)
        )
        count += len(rows)
    yield csv_lines([ending(count, len(wanted))])


def _text(column: Column, row: Any) -> str:
    value = column.export(row) if column.export else getattr(row, column.key)
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return str(value.value if isinstance(value, Enum) else value)
