"""Finds users by any part of their name or email without reading them all, by an index of trigrams
where there is one (`models.migrations.search_index`)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, text
from sqlmodel import select

from models import User
from services.core import runtime
from services.core.db import Transaction
from services.users.query import contain, in_tenant

FEW = 1000
"""Users that a search may find and still have them all looked up by id. Where it finds more, a page
is filled soon by reading in the page's order."""

SHORTEST = 3
"""Characters of a word that has a trigram."""


async def find_few(
    tx: Transaction, tenant_id: UUID | None, words: Sequence[str]
) -> list[UUID] | None:
    """The users among whom are all that these folded words find in a tenant; none where they are
    more than a few. Who is found here by trigrams has still to be compared with the words."""
    long = [word for word in words if len(word) >= SHORTEST]
    if long and runtime.current().database.has_trigram_table:
        few = await _find_by_trigrams(tx, long)
        if few is not None:
            return few
    found = await tx.exec(
        select(User.id).where(in_tenant(tenant_id), *contain(words)).limit(FEW + 1)
    )
    return _if_few(found.all())


async def _find_by_trigrams(tx: Transaction, words: Sequence[str]) -> list[UUID] | None:
    trigrams = {word[at : at + 3] for word in words for at in range(len(word) - 2)}
    quoted = ('"' + trigram.replace('"', '""') + '"' for trigram in sorted(trigrams))
    statement = text(
        "SELECT user_id FROM user_search_row WHERE number IN "
        "(SELECT rowid FROM user_search WHERE user_search MATCH :trigrams LIMIT :most)"
    )
    connection = await tx.connection()
    found = await connection.execute(
        statement.columns(user_id=Uuid()), {"trigrams": " AND ".join(quoted), "most": FEW + 1}
    )
    return _if_few(found.scalars().all())


def _if_few(ids: Sequence[UUID]) -> list[UUID] | None:
    return list(ids) if len(ids) <= FEW else None
