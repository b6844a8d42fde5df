"""Whom and what the log's entries name: their pages, and how people are told apart whose names look
alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import col, func, select

from models import AuditEvent, GroupTemplate, Poc, User
from services.audit.writing import PLATFORM_CHAIN
from services.core.names import alike, mixed_letters
from services.database.transaction import Transaction


@dataclass(frozen=True)
class Named:
    """Whom or what an entry names: the path of its page, below the organisation's own, or nothing;
    and of somebody whose name needs a close look, the email and what `names.mixed_letters` says."""

    path: str = ""
    email: str = ""
    mixed: str = ""


@dataclass(frozen=True)
class _Account:
    """A user of the organisation that the entries are of, as they are called now."""

    id: UUID
    email: str
    name_key: str


@dataclass(frozen=True)
class Subjects:
    """What is known of the rows that some entries of one chain name."""

    accounts: Mapping[UUID, _Account]
    paths: Mapping[UUID, str]
    bearers: Mapping[str, int]
    """How many users of the organisation bear each folded name."""

    def named(self, row_id: UUID | None, name: str) -> Named:
        """What to say of a row that an entry names so."""
        if row_id is None:
            return Named()
        account = self.accounts.get(row_id)
        if account is None:
            return Named(self.paths.get(row_id, ""))
        mixed = mixed_letters(name, account.email)
        keys = alike(name)
        others = sum(self.bearers.get(key, 0) for key in keys) - (account.name_key in keys)
        email = account.email if mixed or others else ""
        return Named(f"users/{row_id}", email, mixed)

    def acting(self, row_id: UUID | None, name: str) -> Named:
        """The same of who acts. Who has no account in the organisation is marked, without an email:
        a customer's person, or a Platform Admin."""
        named = self.named(row_id, name)
        return named if row_id in self.accounts else replace(named, mixed=mixed_letters(name, ""))


NOTHING_KNOWN = Subjects({}, {}, {})


async def subjects_of(tx: Transaction, rows: Sequence[AuditEvent]) -> Subjects:
    """What is known of the rows that these entries of one chain name. People who act from above the
    organisations have no page there."""
    known = await people_of(tx, rows)
    named = {row_id for row in rows for row_id in (row.actor_id, row.subject_id) if row_id}
    paths = await _paths_of(tx, _tenant_of(rows), named - known.accounts.keys())
    return replace(known, paths=paths)


async def people_of(tx: Transaction, rows: Sequence[AuditEvent]) -> Subjects:
    """The same without what isn't a person, for where no entry leads to a page."""
    named = [(row.actor_id, row.actor_name) for row in rows]
    named += [(row.subject_id, row.subject_name) for row in rows]
    ids = {row_id for row_id, _ in named if row_id is not None}
    if not ids:
        return NOTHING_KNOWN
    tenant_id = _tenant_of(rows)
    found = await tx.exec(
        select(User.id, User.email, User.name_key).where(
            col(User.id).in_(ids), User.tenant_id == tenant_id
        )
    )
    accounts = {each[0]: _Account(*each) for each in found}
    names = {name for row_id, name in named if row_id in accounts}
    bearers = await _count_bearers(tx, tenant_id, {key for name in names for key in alike(name)})
    return Subjects(accounts, {}, bearers)


def _tenant_of(rows: Sequence[AuditEvent]) -> UUID | None:
    """None if there are no entries, or those of the platform's chain."""
    return rows[0].chain_id if rows and rows[0].chain_id != PLATFORM_CHAIN else None


async def _count_bearers(
    tx: Transaction, tenant_id: UUID | None, keys: Collection[str]
) -> dict[str, int]:
    if not keys:
        return {}
    found = await tx.exec(
        select(User.name_key, func.count())
        .where(User.tenant_id == tenant_id, col(User.name_key).in_(keys))
        .group_by(User.name_key)
    )
    return dict(found.all())


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
