"""Finds rows by any part of their text without reading all rows, by an index of trigrams if there
is one (`models.migrations.search_index`)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, text
from sqlmodel import select

from services.database import runtime
from services.database.transaction import Transaction
from services.lists.declaration import LiveList, TextSearch

FEW = 1000
"""If a search finds at most this many rows, all of them are looked up by id. If it finds more, a
page is filled soon by reading in the page's order."""

SHORTEST = 3
"""A word needs this many characters to have a trigram."""


def contain(search: TextSearch, words: Sequence[str]) -> list[ColumnElement[bool]]:
    """The rows whose text contains each of these folded words."""
    return [search.column.contains(word, autoescape=True) for word in words]


async def find_few(
    tx: Transaction, live_list: LiveList[Any], tenant_id: UUID | None, words: Sequence[str]
) -> list[UUID] | None:
    """Rows of a tenant that contain all rows with these folded words; none if they are more than a
    few. What is found here by trigrams must still be compared with the words."""
    search = live_list.search
    if search is None:
        return []
    long = [word for word in words if len(word) >= SHORTEST]
    if long and search.trigrams and runtime.current().database.has_trigram_table:
        few = await _find_by_trigrams(tx, search.trigrams, long)
        if few is not None:
            return few
    ids: Any = live_list.model.id  # type: ignore[attr-defined]  # each list's table has it
    found = await tx.exec(
        select(ids).where(live_list.within(tenant_id), *contain(search, words)).limit(FEW + 1)
    )
    return _if_few(found.all())


async def _find_by_trigrams(
    tx: Transaction, names: tuple[str, str, str], words: Sequence[str]
) -> list[UUID] | None:
    trigrams = {word[at : at + 3] for word in words for at in range(len(word) - 2)}
    quoted = ('"' + trigram.replace('"', '""') + '"' for trigram in sorted(trigrams))
    table, rows, key = names  # from the declaration: nobody types them
    statement = text(
        f"SELECT {key} AS id FROM {rows} WHERE number IN "  # noqa: S608 - our own names
        f"(SELECT rowid FROM {table} WHERE {table} MATCH :trigrams LIMIT :most)"
    )
    connection = await tx.connection()
    found = await connection.execute(
        statement.columns(id=Uuid()), {"trigrams": " AND ".join(quoted), "most": FEW + 1}
    )
    return _if_few(found.scalars().all())


def _if_few(ids: Sequence[UUID]) -> list[UUID] | None:
    return list(ids) if len(ids) <= FEW else None
