"""Reading the audit log: for its page and its export."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import AuditEvent, AuditHead, Tenant
from services.access.actor import Principal
from services.access.permissions import Permission, Secret
from services.audit import search
from services.audit.acting import acting, viewing
from services.audit.export import ExportFile
from services.audit.heads import Head, name_of
from services.audit.subjects import paths_of
from services.audit.words import summary
from services.audit.writing import NOBODY, PLATFORM_CHAIN, Action, record
from services.core.days import beginning_of, end_of, zone_name
from services.core.db import Transaction, reading
from services.core.errors import NotFoundError
from services.core.looking import looks_first
from services.core.names import fold, plain

PAGE_SIZE = 50
# Entries that are written at once, while nothing else happens: some ten milliseconds.
EXPORT_BATCH = 500
_ACTIONS = {action.value: (action, action.label) for action in Action}


@dataclass(frozen=True)
class AuditQuery:
    """What the page asks for; `before` is the number of the oldest entry that it has.

    `since` and `until` are days in the time zone of whoever filters: `zone`, or UTC without one.
    """

    action: Action | None = None
    q: str = ""
    since: date | None = None
    until: date | None = None
    zone: str = ""
    subject_id: UUID | None = None
    before: int | None = None

    @classmethod
    def from_query(cls, values: dict[str, Any]) -> "AuditQuery":
        """Read a query from a url's parameters; what makes no sense is left out."""
        action, before = str(values.get("action") or ""), str(values.get("before") or "")
        return cls(
            action=_ACTIONS[action][0] if action in _ACTIONS else None,
            q=plain(str(values.get("q") or ""))[:200],
            since=_day(values.get("from")),
            until=_day(values.get("to")),
            zone=zone_name(values.get("zone")),
            before=int(before)
            if before.isascii() and before.isdigit() and len(before) < 16
            else None,
        )

    @property
    def folded(self) -> str:
        """The text that is searched for, as it is compared."""
        return fold(self.q)

    def in_words(self) -> str:
        """What the entries are narrowed to, for the export; "none" where they are all there."""
        values = {
            "action": self.action,
            "text": self.q,
            "from": self.since,
            "to": self.until,
            "days in": (self.since or self.until) and (self.zone or "UTC"),
            "person": self.subject_id,
            "before entry": self.before,
        }
        return "; ".join(f"{name}: {value}" for name, value in values.items() if value) or "none"


@dataclass(frozen=True)
class AuditEntry:
    """An entry as it is shown.

    `actor` is empty where nobody was signed in. The paths lead to the page of who acted and of what
    it was about, under the organisation's path; they are empty where there is none. Entries with
    the same `run` are of one act on many.
    """

    id: UUID
    number: int
    at: datetime
    actor: str
    actor_path: str
    action: Action | None
    action_label: str
    subject_id: UUID | None
    subject: str
    subject_path: str
    ip: str
    summary: str
    run: str
    hash: str
    search_key: str


@dataclass(frozen=True)
class AuditPage:
    """Some entries, the newest first, whether there are older ones, and the chain's end now."""

    entries: Sequence[AuditEntry]
    has_more: bool
    head_number: int
    head_hash: str


async def list_entries(actor: Principal, query: AuditQuery) -> AuditPage:
    """Entries of the tenant in which the actor works (or of the platform), the newest first."""
    async with viewing(actor, Permission.VIEW_AUDIT) as view:
        rows = await _newest(view.tx, actor.tenant_id, query, PAGE_SIZE + 1)
        entries = await _entries(view.tx, rows)
        head = await view.tx.get_one(AuditHead, actor.tenant_id or PLATFORM_CHAIN)
    return AuditPage(entries[:PAGE_SIZE], len(entries) > PAGE_SIZE, head.number, head.hash)


async def find_entry(entry_id: UUID) -> AuditEntry:
    """One entry, to tell the open pages of its tenant; raises `NotFoundError`."""
    async with reading() as tx:
        row = await tx.get(AuditEvent, entry_id)
        if row is None:
            raise NotFoundError
        (entry,) = await _entries(tx, [row])
    return entry


@looks_first
async def export(actor: Principal, query: AuditQuery) -> AsyncIterator[str]:
    """The entries as a signed CSV file, in pieces (`audit_export`). The export itself is in the
    log, before anything is read. It needs a fresh sign-in.

    Where it is broken off, by the end of the session say, the lines at its end are missing.
    """
    async with acting(actor, Secret.AUDIT_EXPORT) as act:
        entry = await record(
            act.tx, Action.AUDIT_EXPORTED, actor=actor, by=act.user, tenant_id=act.tenant_id
        )
        tenant = await act.tx.get(Tenant, act.tenant_id) if act.tenant_id else None
    name = name_of(entry.chain_id, tenant.slug if tenant else None)
    head = Head(entry.chain_id, name, entry.number, entry.hash, entry.at)
    return _pieces(actor, query, ExportFile(head, query.in_words()))


async def _pieces(actor: Principal, query: AuditQuery, file: ExportFile) -> AsyncIterator[str]:
    yield file.begin()
    # Up to the export's own entry: what is written meanwhile belongs to the next one.
    before = min(query.before or file.head.number + 1, file.head.number + 1)
    while True:
        async with viewing(actor, Permission.VIEW_AUDIT) as view:
            below = replace(query, before=before)
            rows = await _newest(view.tx, actor.tenant_id, below, EXPORT_BATCH)
        if not rows:
            break
        before = rows[-1].number
        yield file.entries([(row, shown.action_label, shown.summary) for row, shown in _both(rows)])
    yield file.end()


def _both(rows: Sequence[AuditEvent]) -> list[tuple[AuditEvent, AuditEntry]]:
    return [(row, entry_of(row)) for row in rows]


async def _newest(
    tx: Transaction, tenant_id: UUID | None, query: AuditQuery, count: int
) -> Sequence[AuditEvent]:
    """The newest entries that a query finds. Their numbers are found in an index alone: a search
    through a million entries would else read all of each."""
    found = [*_conditions(tenant_id, query), *await search.found_by(tx, query.folded)]
    newest = col(AuditEvent.number).desc()
    numbers = select(AuditEvent.number).where(*found).order_by(newest).limit(count)
    rows = await tx.exec(
        select(AuditEvent)
        .where(
            AuditEvent.chain_id == (tenant_id or PLATFORM_CHAIN),
            col(AuditEvent.number).in_(numbers),
        )
        .order_by(newest)
    )
    return rows.all()


def _conditions(tenant_id: UUID | None, query: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        col(AuditEvent.chain_id) == (tenant_id or PLATFORM_CHAIN)
    ]
    if query.action is not None:
        conditions.append(col(AuditEvent.action) == query.action.value)
    if query.subject_id is not None:
        conditions.append(col(AuditEvent.subject_id) == query.subject_id)
    if query.since is not None:
        conditions.append(col(AuditEvent.at) >= beginning_of(query.since, query.zone))
    if query.until is not None:
        conditions.append(col(AuditEvent.at) < end_of(query.until, query.zone))
    if query.before is not None:
        conditions.append(col(AuditEvent.number) < query.before)
    return conditions


async def _entries(tx: Transaction, rows: Sequence[AuditEvent]) -> list[AuditEntry]:
    """Entries of one chain as they are shown, with the pages that they lead to."""
    paths = await paths_of(tx, rows)
    return [entry_of(row, paths) for row in rows]


def entry_of(row: AuditEvent, paths: Mapping[UUID | None, str] | None = None) -> AuditEntry:
    """An entry as it is shown; `paths` has the page of each row that has one."""
    paths = paths or {}
    action, label = _ACTIONS.get(row.action, (None, row.action))
    return AuditEntry(
        id=row.id,
        number=row.number,
        at=row.at,
        actor="" if row.actor_id is None and row.actor_name == NOBODY else row.actor_name,
        actor_path=paths.get(row.actor_id, ""),
        action=action,
        action_label=label,
        subject_id=row.subject_id,
        subject=row.subject_name,
        subject_path=paths.get(row.subject_id, ""),
        ip=row.ip,
        summary=summary(action, row.details),
        run=str(row.details.get("run") or ""),
        hash=row.hash,
        search_key=row.search_key or search.search_key(row),
    )


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
