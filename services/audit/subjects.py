"""Whom and what the log's entries name: their pages, and how people are told apart whose names look
alike."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal, union_all
from sqlmodel import col, func, select

from models import AuditEvent, CustomerPerson, GroupTemplate, Poc, User
from services.audit.writing import PLATFORM_CHAIN
from services.core.lookalikes import alike, mixed_letters
from services.database.transaction import Transaction

_PEOPLE = ((User, "users"), (CustomerPerson, ""))
"""The tables of an organisation's people, and where their pages are; a customer's people have
none."""


def _within(table: Any, above: bool) -> ColumnElement[bool]:
    tenant_id = col(table.tenant_id)
    return tenant_id.is_(None) if above else tenant_id == bindparam("tenant_id")


# Built once, for an organisation and for above all: every entry that arrives on a page asks both.
_FIND: Mapping[bool, Any] = {
    above: union_all(
        *(
            select(table.id, table.email, table.name_key, literal(pages)).where(
                col(table.id).in_(bindparam("ids", expanding=True)), _within(table, above)
            )
            for table, pages in _PEOPLE
        )
    )
    for above in (False, True)
}
_COUNT: Mapping[bool, Any] = {
    above: union_all(
        *(
            select(table.name_key, func.count())
            .where(
                _within(table, above), col(table.name_key).in_(bindparam("keys", expanding=True))
            )
            .group_by(table.name_key)
            for table, _ in _PEOPLE
        )
    )
    for above in (False, True)
}


@dataclass(frozen=True)
class Named:
    """Whom or what an entry names: the path of its page, below the organisation's own, or nothing;
    and of somebody whose name needs a close look, the email and what `lookalikes.mixed_letters`
    says."""

    path: str = ""
    email: str = ""
    mixed: str = ""


@dataclass(frozen=True)
class _Known:
    """A user of the organisation that the entries are of, or a customer's person, as they are
    called now."""

    id: UUID
    email: str
    name_key: str
    pages: str


@dataclass(frozen=True)
class Subjects:
    """What is known of the rows that some entries of one chain name."""

    people: Mapping[UUID, _Known]
    paths: Mapping[UUID, str]
    bearers: Mapping[str, int]
    """How many people of the organisation bear each folded name."""

    def named(self, row_id: UUID | None, name: str) -> Named:
        """What to say of a row that an entry names so."""
        if row_id is None:
            return Named()
        known = self.people.get(row_id)
        if known is None:
            return Named(self.paths.get(row_id, ""))
        mixed = mixed_letters(name, known.email)
        keys = alike(name)
        others = sum(self.bearers.get(key, 0) for key in keys) - (known.name_key in keys)
        path = f"{known.pages}/{row_id}" if known.pages else ""
        return Named(path, known.email if mixed or others else "", mixed)

    def acting(self, row_id: UUID | None, name: str) -> Named:
        """The same of who acts. Who isn't of the organisation is marked, without an email: a
        Platform Admin."""
        named = self.named(row_id, name)
        return named if row_id in self.people else replace(named, mixed=mixed_letters(name, ""))


NOTHING_KNOWN = Subjects({}, {}, {})


async def subjects_of(tx: Transaction, rows: Sequence[AuditEvent]) -> Subjects:
    """What is known of the rows that these entries of one chain name. People who act from above the
    organisations have no page there."""
    known = await people_of(tx, rows)
    paths = await _paths_of(tx, _tenant_of(rows), _ids_of(rows) - known.people.keys())
    return replace(known, paths=paths)


async def people_of(tx: Transaction, rows: Sequence[AuditEvent]) -> Subjects:
    """The same without what isn't a person, for where no entry leads to a page."""
    named = [(row.actor_id, row.actor_name) for row in rows]
    named += [(row.subject_id, row.subject_name) for row in rows]
    return await look_up(tx, _tenant_of(rows), named)


async def look_up(
    tx: Transaction, tenant_id: UUID | None, named: Collection[tuple[UUID | None, str]]
) -> Subjects:
    """The same of these people of an organisation, or above all, by the names that they have
    somewhere."""
    people = await _find(tx, tenant_id, {row_id for row_id, _ in named if row_id is not None})
    names = {name for row_id, name in named if row_id in people}
    bearers = await _count_bearers(tx, tenant_id, {key for name in names for key in alike(name)})
    return Subjects(people, {}, bearers)


async def emails_of(tx: Transaction, rows: Sequence[AuditEvent]) -> Mapping[UUID | None, str]:
    """The emails, as they are now, of the people of the organisation whom these entries of one
    chain name, by their ids."""
    people = await _find(tx, _tenant_of(rows), _ids_of(rows))
    return {row_id: known.email for row_id, known in people.items()}


def _ids_of(rows: Sequence[AuditEvent]) -> set[UUID]:
    return {row_id for row in rows for row_id in (row.actor_id, row.subject_id) if row_id}


def _tenant_of(rows: Sequence[AuditEvent]) -> UUID | None:
    """None if there are no entries, or those of the platform's chain."""
    return rows[0].chain_id if rows and rows[0].chain_id != PLATFORM_CHAIN else None


async def _find(
    tx: Transaction, tenant_id: UUID | None, ids: Collection[UUID]
) -> dict[UUID, _Known]:
    if not ids:
        return {}
    asked = {"ids": list(ids), "tenant_id": tenant_id}
    found = await tx.exec(_FIND[tenant_id is None], params=asked)
    return {row[0]: _Known(*row) for row in found}


async def _count_bearers(
    tx: Transaction, tenant_id: UUID | None, keys: Collection[str]
) -> Mapping[str, int]:
    bearers: Counter[str] = Counter()
    if not keys:
        return bearers
    asked = {"keys": list(keys), "tenant_id": tenant_id}
    for key, count in await tx.exec(_COUNT[tenant_id is None], params=asked):
        bearers[key] += count
    return bearers


async def _paths_of(
    tx: Transaction, tenant_id: UUID | None, ids: Collection[UUID]
) -> dict[UUID, str]:
    paths: dict[UUID, str] = {}
    if not ids or tenant_id is None:
        return paths
    for table, path in ((Poc, "pocs"), (GroupTemplate, "templates")):
        found = await tx.exec(
            select(table.id).where(col(table.id).in_(ids), table.tenant_id == tenant_id)
        )
        paths |= {row_id: f"{path}/{row_id}" for row_id in found}
    return paths
