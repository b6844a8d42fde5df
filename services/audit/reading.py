"""Reading the audit log: for its page and its export."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import AuditEvent, AuditHead, Tenant
from services.access.actor import Principal
from services.access.permissions import Permission, Secret
from services.audit import search
from services.audit.acting import acting, viewing
from services.audit.actions import LogAction
from services.audit.export import ExportFile
from services.audit.heads import Head, name_of
from services.audit.list import ENTRIES, AuditEntry, entries_of, entry_of
from services.audit.subjects import emails_of
from services.audit.writing import PLATFORM_CHAIN, record
from services.core.errors import NotFoundError
from services.core.names import fold
from services.database.looking import looks_first
from services.database.pieces import joined
from services.database.transaction import Transaction, reading
from services.lists.matches import condition_of
from services.lists.query import ListQuery

PAGE_SIZE = 50
# How many entries are written at once, while nothing else happens: this takes some ten
# milliseconds.
EXPORT_BATCH = 500


@dataclass(frozen=True)
class AuditPage:
    """Some entries, the newest first, whether there are older ones, and the chain's end now."""

    entries: Sequence[AuditEntry]
    has_more: bool
    head_number: int
    head_hash: str


async def list_entries(
    actor: Principal,
    query: ListQuery,
    *,
    subject_id: UUID | None = None,
    before: int | None = None,
) -> AuditPage:
    """Entries of the tenant in which the actor works (or of the platform), the newest first: only
    those about one subject if it is given, and those before the entry with a number."""
    asked = _Asked(query, subject_id, before)
    async with viewing(actor, Permission.VIEW_AUDIT) as view:
        rows = await _newest(view.tx, actor.tenant_id, asked, PAGE_SIZE + 1)
        entries = await entries_of(view.tx, rows)
        head = await view.tx.get_one(AuditHead, actor.tenant_id or PLATFORM_CHAIN)
    return AuditPage(entries[:PAGE_SIZE], len(entries) > PAGE_SIZE, head.number, head.hash)


async def find_entry(entry_id: UUID) -> AuditEntry:
    """One entry, to tell the open pages of its tenant; raises `NotFoundError`."""
    async with reading() as tx:
        row = await tx.get(AuditEvent, entry_id)
        if row is None:
            raise NotFoundError
        (entry,) = await entries_of(tx, [row])
    return entry


@looks_first
async def export(actor: Principal, query: ListQuery) -> AsyncIterator[str]:
    """The entries as a signed CSV file, in pieces (`audit_export`).

    The export itself is logged before anything is read. It needs a fresh sign-in. If it is broken
    off, by the end of the session for example, the lines at its end are missing.
    """
    async with acting(actor, Secret.AUDIT_EXPORT) as act:
        entry = await record(
            act.tx, LogAction.EXPORTED, actor=actor, by=act.user, tenant_id=act.tenant_id
        )
        tenant = await act.tx.get(Tenant, act.tenant_id) if act.tenant_id else None
    name = name_of(entry.chain_id, tenant.slug if tenant else None)
    head = Head(entry.chain_id, name, entry.number, entry.hash, entry.at)
    return _pieces(actor, query, ExportFile(head, _in_words(query)))


async def _pieces(actor: Principal, query: ListQuery, file: ExportFile) -> AsyncIterator[str]:
    yield file.begin()
    # Up to the entry of the export itself: what is written meanwhile belongs to the next export.
    before = file.head.number + 1
    while True:
        async with viewing(actor, Permission.VIEW_AUDIT) as view:
            asked = _Asked(query, before=before)
            rows = await _newest(view.tx, actor.tenant_id, asked, EXPORT_BATCH)
            emails = await emails_of(view.tx, rows)
        if not rows:
            break
        before = rows[-1].number
        yield await joined(rows, partial(_written, file, emails))
    yield file.end()


def _written(
    file: ExportFile, emails: Mapping[UUID | None, str], rows: Sequence[AuditEvent]
) -> str:
    both = [(row, entry_of(row)) for row in rows]
    return file.entries([(row, shown.action_label, shown.summary) for row, shown in both], emails)


def _in_words(query: ListQuery) -> str:
    """What the entries are narrowed to, for the export; "none" if they are all there."""
    filters = dict(query.filters)
    values = {"action": filters.pop("action", ""), "text": query.q, **filters}
    if filters:
        values["days in"] = query.zone or "UTC"
    return "; ".join(f"{name}: {value}" for name, value in values.items() if value) or "none"


@dataclass(frozen=True)
class _Asked:
    """What is asked of the log."""

    query: ListQuery
    subject_id: UUID | None = None
    before: int | None = None

    def conditions(self, tenant_id: UUID | None) -> list[ColumnElement[bool]]:
        """What holds for the entries, apart from the words that are searched for."""
        matches = ENTRIES.matches(self.query.filters, self.query.zone)
        conditions = [ENTRIES.within(tenant_id)]
        conditions += [one for match in matches for one in condition_of(ENTRIES.fields, match)]
        if self.subject_id is not None:
            conditions.append(col(AuditEvent.subject_id) == self.subject_id)
        if self.before is not None:
            conditions.append(col(AuditEvent.number) < self.before)
        return conditions


async def _newest(
    tx: Transaction, tenant_id: UUID | None, asked: _Asked, count: int
) -> Sequence[AuditEvent]:
    """The newest entries that a query finds.

    Their numbers are found in an index alone: otherwise a search through a million entries would
    read each of them. (Numbers are unique in a chain, so the order needs no ids, unlike that of
    other lists.)
    """
    words = await search.found_by(tx, fold(asked.query.q))
    newest = col(AuditEvent.number).desc()
    found = select(AuditEvent.number).where(*asked.conditions(tenant_id), *words)
    numbers = found.order_by(newest).limit(count)
    rows = await tx.exec(
        select(AuditEvent)
        .where(ENTRIES.within(tenant_id), col(AuditEvent.number).in_(numbers))
        .order_by(newest)
    )
    return rows.all()
