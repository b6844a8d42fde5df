"""What a search in the audit log finds: the words of an entry, folded as those of every search.

The folded text stands beside the entry and is no part of what its hash is about. Entries of an
earlier version of Rollcall get theirs in the background, and are found by their letters until then.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from sqlalchemy import ColumnElement, String, and_, bindparam, cast, or_, update
from sqlmodel import col, select

from models import AuditEvent
from services.access.actor import ROLLCALL
from services.core.names import fold, plain, words_of
from services.database.transaction import Transaction, reading, transaction

LONGEST = 600
"""How many characters of an entry are searched. PostgreSQL's indexes take 2,700 bytes."""
BATCH = 500
"""How many entries get their text in one transaction, while others wait: some tens of
milliseconds."""
# Lists of the ends of other chains, and what ties entries together: nobody searches for them.
LEFT_OUT = frozenset({"heads", "run"})
_WITHOUT = select(AuditEvent.id).where(col(AuditEvent.search_key).is_(None))


class Searched(Protocol):
    """What of an entry is searched."""

    actor_name: str
    subject_name: str
    ip: str
    details: dict[str, Any]


def search_key(entry: Searched) -> str:
    """The text of an entry that a search looks in: who acted, on whom, from where, and the
    details."""
    details = {name: v for name, v in entry.details.items() if name not in LEFT_OUT}
    words = (entry.actor_name, entry.subject_name, entry.ip, *_texts(details))
    return plain(fold("\n".join(filter(None, words))))[:LONGEST]


async def found_by(tx: Transaction, folded: str) -> list[ColumnElement[bool]]:
    """The entries that contain each word of a folded text."""
    words = words_of(folded)
    # If every entry has its text, only an index is read.
    all_have = not words or (await tx.exec(_WITHOUT.limit(1))).first() is None
    return [_contains(word) if all_have else _contains_somehow(word) for word in words]


async def fill() -> bool:
    """Give their text to some entries that have none; returns whether there may be more."""
    async with reading() as tx:
        ids = _WITHOUT.limit(BATCH)
        found = await tx.exec(select(AuditEvent).where(col(AuditEvent.id).in_(ids)))
        keys = [{"entry": entry.id, "key": search_key(entry)} for entry in found]
    if not keys:
        return False
    table = AuditEvent.__table__  # type: ignore[attr-defined]  # SQLModel makes it
    statement = update(table).where(table.c.id == bindparam("entry"))
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        connection = await tx.connection()
        await connection.execute(statement.values(search_key=bindparam("key")), keys)
    return len(keys) == BATCH


def _contains(word: str) -> ColumnElement[bool]:
    return col(AuditEvent.search_key).contains(word, autoescape=True)


def _contains_somehow(word: str) -> ColumnElement[bool]:
    columns = (AuditEvent.actor_name, AuditEvent.subject_name, AuditEvent.ip)
    details = cast(col(AuditEvent.details), String)
    unfolded = [column.icontains(word, autoescape=True) for column in (*map(col, columns), details)]
    return or_(_contains(word), and_(col(AuditEvent.search_key).is_(None), or_(*unfolded)))


def _texts(value: Any) -> Iterator[str]:
    """Every text and number in an entry's details."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
