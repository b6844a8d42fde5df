"""Reading the audit log: for its page, its export, and its proof."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, or_
from sqlmodel import col, select

from models import AuditEvent, AuditHead, Tenant
from services import runtime
from services.actor import Acting, authorize
from services.audit import GENESIS, PLATFORM_CHAIN, Action, hash_of, record
from services.db import reading, transaction
from services.errors import NotFoundError
from services.names import plain, words_of
from services.permissions import Permission

PAGE_SIZE = 50
EXPORT_BATCH = 1000
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection): the signs, their
# full-width forms, and what is skipped before them.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


@dataclass(frozen=True)
class AuditQuery:
    """What the page asks for; `before` is the number of the oldest entry that it has."""

    action: Action | None = None
    q: str = ""
    since: date | None = None
    until: date | None = None
    subject_id: UUID | None = None
    before: int | None = None

    @classmethod
    def from_address(cls, values: dict[str, Any]) -> "AuditQuery":
        """Read a query from an address's parameters; what makes no sense is left out."""
        action, before = str(values.get("action") or ""), str(values.get("before") or "")
        return cls(
            action=Action(action) if action in set(Action) else None,
            q=plain(str(values.get("q") or ""))[:200],
            since=_day(values.get("from")),
            until=_day(values.get("to")),
            before=int(before)
            if before.isascii() and before.isdigit() and len(before) < 16
            else None,
        )


@dataclass(frozen=True)
class AuditEntry:
    """An entry as it is shown."""

    id: UUID
    number: int
    at: datetime
    actor: str
    action: Action | None
    action_label: str
    subject_id: UUID | None
    subject: str
    address: str
    summary: str
    hash: str


@dataclass(frozen=True)
class AuditPage:
    """Some entries, the newest first, and whether there are older ones."""

    entries: Sequence[AuditEntry]
    has_more: bool


async def list_entries(actor: Acting, query: AuditQuery) -> AuditPage:
    """Entries of the tenant in which the actor works (or of the platform), the newest first."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.VIEW_AUDIT)
        rows = await tx.exec(
            select(AuditEvent)
            .where(*_conditions(actor.tenant_id, query))
            .order_by(col(AuditEvent.number).desc())
            .limit(PAGE_SIZE + 1)
        )
        entries = [_entry(row) for row in rows]
    return AuditPage(entries[:PAGE_SIZE], len(entries) > PAGE_SIZE)


async def find_entry(entry_id: UUID) -> AuditEntry:
    """One entry, to tell the open pages of its tenant; raises `NotFoundError`."""
    async with reading() as tx:
        row = await tx.get(AuditEvent, entry_id)
    if row is None:
        raise NotFoundError
    return _entry(row)


async def export(actor: Acting, query: AuditQuery) -> AsyncIterator[str]:
    """The entries as CSV, in pieces. The export itself is in the log, before anything is read. It
    needs a fresh sign-in.

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    async with transaction() as tx:
        by = await authorize(
            tx,
            actor,
            Permission.VIEW_AUDIT,
            lock=tuple(_ids(getattr(actor, "user_id", None))),
            fresh=True,
        )
        await record(tx, Action.AUDIT_EXPORTED, actor=actor, by=by, tenant_id=actor.tenant_id)
    return _pieces(actor, query)


async def _pieces(actor: Acting, query: AuditQuery) -> AsyncIterator[str]:
    yield _csv_lines(
        [["number", "time (UTC)", "who", "action", "whom", "address", "details", "hash"]]
    )
    before = query.before
    while True:
        async with reading() as tx:
            await authorize(tx, actor, Permission.VIEW_AUDIT)
            rows = (
                await tx.exec(
                    select(AuditEvent)
                    .where(*_conditions(actor.tenant_id, query, before))
                    .order_by(col(AuditEvent.number).desc())
                    .limit(EXPORT_BATCH)
                )
            ).all()
        if not rows:
            return
        before = rows[-1].number
        entries = [_entry(row) for row in rows]
        yield _csv_lines(
            [
                e.number,
                e.at.isoformat(),
                e.actor,
                e.action_label,
                e.subject,
                e.address,
                e.summary,
                e.hash,
            ]
            for e in entries
        )


def defused(cell: object) -> str:
    """The cell as text that no spreadsheet runs as a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv_lines(rows: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([defused(cell) for cell in row] for row in rows)
    return buffer.getvalue()


@dataclass(frozen=True)
class BrokenLink:
    """Where a chain doesn't hold."""

    chain: str
    number: int
    problem: str


async def verify() -> tuple[int, BrokenLink | None]:
    """Check every chain; returns how many entries hold, and the first that doesn't."""
    checked = 0
    async with reading() as tx:
        if not runtime.current().database.is_sqlite:
            # Heads and entries as they were at one moment, while others go on writing.
            await tx.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        heads = (await tx.exec(select(AuditHead).order_by(col(AuditHead.chain_id)))).all()
        names = {tenant.id: tenant.slug for tenant in await tx.exec(select(Tenant))}
        names[PLATFORM_CHAIN] = "platform"
        for chain_id in names.keys() - {head.chain_id for head in heads}:
            return checked, BrokenLink(names[chain_id], 1, "the end of the chain is missing")
        for head in heads:
            name = names.get(head.chain_id, str(head.chain_id))
            expected, previous = 1, GENESIS
            rows = await tx.stream_scalars(
                select(AuditEvent)
                .where(col(AuditEvent.chain_id) == head.chain_id)
                .order_by(col(AuditEvent.number))
                .execution_options(yield_per=EXPORT_BATCH)
            )
            async for row in rows:
                problem = _problem(row, expected, previous)
                if problem:
                    return checked, BrokenLink(name, expected, problem)
                expected, previous = row.number + 1, row.hash
                checked += 1
            if (head.number, head.hash) != (expected - 1, previous):
                return checked, BrokenLink(name, expected, "entries are missing at the end")
    return checked, None


def _problem(row: AuditEvent, expected: int, previous: str) -> str | None:
    if row.number != expected:
        return "an entry is missing"
    if row.previous_hash != previous:
        return "it doesn't follow from the entry before it"
    if row.hash != hash_of(row):
        return "it was changed"
    return None


def _conditions(
    tenant_id: UUID | None, query: AuditQuery, before: int | None = None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        col(AuditEvent.chain_id) == (tenant_id or PLATFORM_CHAIN)
    ]
    if query.action is not None:
        conditions.append(col(AuditEvent.action) == query.action.value)
    if query.subject_id is not None:
        conditions.append(col(AuditEvent.subject_id) == query.subject_id)
    if query.since is not None:
        conditions.append(col(AuditEvent.at) >= datetime.combine(query.since, time.min, UTC))
    if query.until is not None:
        conditions.append(col(AuditEvent.at) <= datetime.combine(query.until, time.max, UTC))
    last = before if before is not None else query.before
    if last is not None:
        conditions.append(col(AuditEvent.number) < last)
    conditions += [
        or_(
            col(AuditEvent.actor_name).icontains(word, autoescape=True),
            col(AuditEvent.subject_name).icontains(word, autoescape=True),
            col(AuditEvent.address).icontains(word, autoescape=True),
            cast(col(AuditEvent.details), String).icontains(word, autoescape=True),
        )
        for word in words_of(query.q)
    ]
    return conditions


def _entry(row: AuditEvent) -> AuditEntry:
    action = Action(row.action) if row.action in set(Action) else None
    return AuditEntry(
        id=row.id,
        number=row.number,
        at=row.at,
        actor=row.actor_name,
        action=action,
        action_label=action.label if action else row.action,
        subject_id=row.subject_id,
        subject=row.subject_name,
        address=row.address,
        summary=_summary(action, row.details),
        hash=row.hash,
    )


def _summary(action: Action | None, details: dict[str, Any]) -> str:
    if action is Action.PAGES_CLOSED:
        return _receipt_summary(details)
    if action is Action.USER_RENAMED:
        return f"was {details.get('before', '')}"
    if action in {Action.TENANT_RENAMED, Action.SECOND_FACTOR_POLICY_SET}:
        return f"{details.get('before', '')} → {details.get('after', '')}"
    if action is Action.END_DATE_SET:
        return str(details.get("end_date") or "none")
    if action is Action.RESTORED:
        return f"{details.get('file', '')}, {details.get('sessions', 0)} sessions ended"
    shown = {key: value for key, value in details.items() if value not in (None, "")}
    return ", ".join(str(value) for value in shown.values())


def _receipt_summary(details: dict[str, Any]) -> str:
    pages, answered = details.get("pages", 0), details.get("answered", 0)
    if not pages and not details.get("unheard"):
        return "no page was open"
    noun = "page" if pages == 1 else "pages"
    text = f"{pages} open {noun} closed"
    if details.get("slowest_ms") is not None:
        text += f", the last one after {round(details['slowest_ms'])} ms"
    if answered < pages:
        text += f" ({pages - answered} didn't answer and were disconnected)"
    if details.get("unheard"):
        text += ", not counting a replica that hasn't reported"
    return text


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def _ids(user_id: UUID | None) -> list[UUID]:
    return [user_id] if user_id else []
