"""The leaving receipt: what a deactivation ended, recomputed from the audit log alone, and compared
with the database. A receipt is named after the entry of its deactivation:
R-<organisation>-<number>."""

import re
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from models import AuditEvent, EndReason, Handover, LoginSession, Tenant, User
from services.audit.heads import name_of
from services.audit.writing import PLATFORM_CHAIN, hash_of
from services.core import clock
from services.core.errors import OperatorError
from services.core.words import count_words
from services.database.transaction import Transaction, reading
from services.sessions.actions import SessionAction
from services.users.actions import UserAction, given_words

# For this long, a departure can be undone in one step.
UNDO = timedelta(days=1)
_ID = re.compile(r"R-([a-z0-9-]+)-([0-9]{1,9})")
_ACTIONS = (
    UserAction.DEACTIVATED,
    UserAction.ACTIVATED,
    SessionAction.PAGES_CLOSED,
    UserAction.WORK_HANDED_OVER,
    UserAction.WORK_TAKEN_BACK,
)


@dataclass(frozen=True)
class ClosedPageLine:
    """A page as the receipt shows it."""

    page: str
    ms: float | None
    device: str


@dataclass(frozen=True)
class WorkLine:
    """How much work one person got."""

    name: str
    pocs: int
    tasks: int
    groups: int = 0


@dataclass(frozen=True)
class LeavingReceipt:
    """What one deactivation ended, as the audit log has it."""

    id: str
    cause: UUID
    user_id: UUID
    name: str
    at: datetime
    by: str
    by_id: UUID | None
    """Who acted; none if it was Rollcall, or somebody at its command line."""
    reason: str
    pages: int
    devices: int
    slowest_ms: float | None
    closed: Sequence[ClosedPageLine]
    sessions: int
    passkeys: Sequence[str]
    links: int
    mails: int
    work: Sequence[WorkLine]
    first_number: int
    last_number: int
    last_hash: str
    returned_at: datetime | None
    """When the user was activated again."""
    problems: Sequence[str] = ()
    """What in the database doesn't match; none if it agrees with the log."""

    @property
    def undo_until(self) -> datetime:
        """Until when it can be undone in one step."""
        return self.at + UNDO

    @property
    def can_be_undone(self) -> bool:
        """Whether it can be undone in one step right now."""
        return self.returned_at is None and clock.now() < self.undo_until


async def find_receipt(tx: Transaction, user: User) -> LeavingReceipt | None:
    """The receipt of a user's latest departure, in this transaction."""
    chain_id = user.tenant_id or PLATFORM_CHAIN
    latest = await tx.exec(
        select(AuditEvent.number)
        .where(
            AuditEvent.chain_id == chain_id,
            AuditEvent.subject_id == user.id,
            AuditEvent.action == UserAction.DEACTIVATED.value,
        )
        .order_by(col(AuditEvent.number).desc())
        .limit(1)
    )
    number = latest.first()
    return None if number is None else await _recompute(tx, chain_id, number)


async def check_receipt(receipt_id: str) -> LeavingReceipt:
    """Recompute a receipt by its id, for the command line. Raises `OperatorError` if the log has no
    such departure."""
    written = _ID.fullmatch(receipt_id.strip())
    if written is None:
        raise OperatorError(f"{receipt_id} is no receipt's number: they look like R-acme-48211.")
    slug, number = written[1], int(written[2])
    async with reading() as tx:
        tenant = (await tx.exec(select(Tenant.id).where(Tenant.slug == slug))).first()
        chain_id = PLATFORM_CHAIN if slug == name_of(PLATFORM_CHAIN, None) else tenant
        found = None if chain_id is None else await _recompute(tx, chain_id, number)
    if found is None:
        raise OperatorError(f"The audit log has no departure {receipt_id}.")
    return found


def receipt_lines(receipt: LeavingReceipt) -> list[str]:
    """A receipt as lines of text, and whether it agrees with the database."""
    slowest = "none answered" if receipt.slowest_ms is None else f"{receipt.slowest_ms:.0f} ms"
    pages, devices = count_words(receipt.pages, "page"), count_words(receipt.devices, "device")
    closed = f"{pages} closed on {devices}, the last one: {slowest}"
    died = {"session": receipt.sessions, "link": receipt.links, "passkey": len(receipt.passkeys)}
    lines = [
        f"Receipt {receipt.id}: {receipt.name}",
        f"Access ended {receipt.at:%F %T}.{receipt.at.microsecond // 1000:03} UTC by {receipt.by}",
        closed if receipt.pages else "No page was open",
        ", ".join(count_words(count, noun) for noun, count in died.items()),
        f"{count_words(receipt.mails, 'mail')} not sent",
    ]
    lines += [given_words(asdict(one)) for one in receipt.work]
    if receipt.returned_at is not None:
        lines.append(f"Activated again {receipt.returned_at:%F %T} UTC")
    lines += [
        f"Audit chain {receipt.first_number} to {receipt.last_number}",
        receipt.last_hash,
    ]
    return lines + (list(receipt.problems) or ["The database agrees with the log."])


async def _recompute(tx: Transaction, chain_id: UUID, number: int) -> LeavingReceipt | None:
    entries = await _entries(tx, chain_id, number)
    if not entries:
        return None
    tenant = await tx.get(Tenant, chain_id) if chain_id != PLATFORM_CHAIN else None
    name = name_of(chain_id, tenant.slug if tenant else None)
    receipt = _read(f"R-{name}-{number}", entries)
    given = {entry.details["handover"] for entry in _standing(entries)}
    problems = [*_changed(entries), *await _differences(tx, receipt, entries[0], given)]
    return replace(receipt, problems=problems)


async def _entries(tx: Transaction, chain_id: UUID, number: int) -> list[AuditEvent]:
    """A deactivation, and what belongs to it; empty if the entry isn't one."""
    first = (
        await tx.exec(
            select(AuditEvent).where(
                AuditEvent.chain_id == chain_id,
                AuditEvent.number == number,
                AuditEvent.action == UserAction.DEACTIVATED.value,
            )
        )
    ).first()
    if first is None:
        return []
    later = await tx.exec(
        select(AuditEvent)
        .where(
            AuditEvent.chain_id == chain_id,
            AuditEvent.subject_id == first.subject_id,
            AuditEvent.number > number,
            col(AuditEvent.action).in_([action.value for action in _ACTIONS]),
        )
        .order_by(col(AuditEvent.number))
    )
    found = [first]
    for entry in later:
        if entry.action == UserAction.DEACTIVATED:
            break
        is_return = entry.action == UserAction.ACTIVATED
        if is_return or entry.details.get("cause") == str(first.id):
            found.append(entry)
    return found


def _read(receipt_id: str, entries: Sequence[AuditEvent]) -> LeavingReceipt:
    first = entries[0]
    closed = [entry.details for entry in entries if entry.action == SessionAction.PAGES_CLOSED]
    back = [entry for entry in entries if entry.action == UserAction.ACTIVATED]
    slowest = [one["slowest_ms"] for one in closed if one.get("slowest_ms") is not None]
    return LeavingReceipt(
        id=receipt_id,
        cause=first.id,
        user_id=first.subject_id or UUID(int=0),
        name=first.subject_name,
        at=first.at,
        by=first.actor_name,
        by_id=first.actor_id,
        reason=str(first.details.get("reason", "")),
        pages=sum(one.get("pages", 0) for one in closed),
        devices=sum(one.get("devices", 0) for one in closed),
        slowest_ms=max(slowest, default=None),
        closed=[ClosedPageLine(**page) for one in closed for page in one.get("closed", ())],
        sessions=len(first.details.get("session_ids", ())),
        passkeys=tuple(first.details.get("passkeys", ())),
        links=first.details.get("links", 0),
        mails=first.details.get("mails", 0),
        work=[WorkLine(**one) for entry in _standing(entries) for one in entry.details["to"]],
        first_number=first.number,
        last_number=entries[-1].number,
        last_hash=entries[-1].hash,
        returned_at=back[-1].at if back else None,
    )


def _standing(entries: Sequence[AuditEvent]) -> list[AuditEvent]:
    """The handovers that weren't taken back."""
    back = {e.details["handover"] for e in entries if e.action == UserAction.WORK_TAKEN_BACK}
    given = [entry for entry in entries if entry.action == UserAction.WORK_HANDED_OVER]
    return [entry for entry in given if entry.details["handover"] not in back]


def _changed(entries: Sequence[AuditEvent]) -> list[str]:
    return [
        f"Entry {entry.number} of the log was changed."
        for entry in entries
        if entry.hash != hash_of(entry)
    ]


async def _differences(
    tx: Transaction, receipt: LeavingReceipt, first: AuditEvent, handovers: Set[str]
) -> Sequence[str]:
    """Where the database differs from the log."""
    problems = []
    ids = [UUID(one) for one in first.details.get("session_ids", ())]
    rows = await tx.exec(select(LoginSession).where(col(LoginSession.id).in_(ids)))
    ended = sum(row.end_reason is EndReason.DEACTIVATED for row in rows)
    if ended != len(ids):
        problems.append(
            f"The log has {len(ids)} sessions that ended with this deactivation, and the "
            f"database {ended}."
        )
    user = await tx.get(User, receipt.user_id)
    if user is None:
        problems.append("The database doesn't have this user.")
    elif user.active and receipt.returned_at is None:
        problems.append("The user is active, and the log has no activation since.")
    kept = await tx.exec(
        select(Handover.id).where(Handover.cause == first.id, col(Handover.undone_at).is_(None))
    )
    if {str(row_id) for row_id in kept} != handovers:
        problems.append("What the database has of the work handed over isn't what the log has.")
    return problems
