"""Brings committed facts to the open pages: one query and one message per fact, however many
pages watch."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from services.access.events import UserEvent
from services.audit.events import AuditGrew, AuditWritten
from services.audit.reading import AuditEntry, find_entry
from services.audit.writing import PLATFORM_CHAIN
from services.core import changes, clock
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.core.transport import Listening
from services.mail.events import MailProgressed
from services.sessions import presence, receipts, sessions
from services.sessions.events import SessionsEnded, UserSignedIn
from services.sessions.receipts import Receipt
from services.tenants.events import TenantChanged
from services.users import accounts
from services.users.events import (
    ImportProgressed,
    UserActivated,
    UserDeactivated,
    UserEdited,
    UserInvited,
    UsersInvited,
    UserSwitched,
)
from services.users.imports.runs import ImportView, find_import
from services.users.listing import find_row
from ui import figures, live
from ui.rows import patch_values

log = logging.getLogger(__name__)

# How often is looked whether open pages have to be compared with the database, in seconds. This is
# how an expired session is noticed, and a notice that never arrived.
COMPARE_SECONDS = 1.0

_receipts: dict[UUID, asyncio.Future[Receipt]] = {}
RECEIPT_TIMEOUT = 5.0
ASK_SECONDS = 0.5
_asked_soon: set[str] = set()
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def users_room(tenant_id: UUID | None) -> str:
    """The room of the grids that show a tenant's users (or the Platform Admins)."""
    return f"users:{tenant_id or 'platform'}"


def audit_room(chain_id: UUID | None) -> str:
    """The room of the pages that show a tenant's audit log (or the platform's)."""
    return f"audit:{chain_id or PLATFORM_CHAIN}"


def user_room(user_id: UUID) -> str:
    """The room of the pages that show one user's details, to who manages users."""
    return f"user:{user_id}"


def account_room(user_id: UUID) -> str:
    """The room of a user's own account pages, which hear that something changed, and no more."""
    return f"account:{user_id}"


def settings_room(tenant_id: UUID | None) -> str:
    """The room of a tenant's Settings pages, which hear that something changed, and no more."""
    return f"settings:{tenant_id}"


def imports_room(tenant_id: UUID | None) -> str:
    """The room of the pages that show a tenant's imports."""
    return f"imports:{tenant_id}"


TENANTS_ROOM = "tenants"


def import_values(run: ImportView) -> dict[str, Any]:
    """An import as plain values."""
    return {
        "id": str(run.id),
        "file_name": run.file_name,
        "rows": run.rows,
        "done": run.done,
        "invited": run.invited,
        "by_mail": run.by_mail,
        "state": run.state.value,
        "why": run.why,
        "started_by": run.started_by,
        "started_at": run.started_at.isoformat(),
    }


def entry_values(entry: AuditEntry) -> dict[str, Any]:
    """An audit entry as plain values."""
    return {
        "id": str(entry.id),
        "number": entry.number,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action.value if entry.action else "",
        "action_label": entry.action_label,
        "subject": entry.subject,
        "subject_id": str(entry.subject_id) if entry.subject_id else None,
        "address": entry.address,
        "summary": entry.summary,
        "hash": entry.hash,
        "search_key": entry.search_key,
    }


def subscribe(bus: Bus) -> None:
    """Have the bus tell the open pages, and presence tell the grids."""
    bus.subscribe(SessionsEnded, _close_pages)
    bus.subscribe(UserEvent, _refresh_details)
    for row_event in ROW_EVENTS:
        bus.subscribe(row_event, _patch_row)
    for count_event in (UserInvited, UserActivated, UserDeactivated):
        bus.subscribe(count_event, _count_users)
    bus.subscribe(UsersInvited, _ask_for_users)
    bus.subscribe(ImportProgressed, _show_import)
    bus.subscribe(AuditWritten, _show_entry)
    bus.subscribe(AuditGrew, _ask_for_entries)
    bus.subscribe(TenantChanged, _show_tenants)
    bus.subscribe(Listening, _make_up)
    figures.subscribe(bus)
    presence.on_change(_show_presence)


async def receipt_of(cause: UUID) -> Receipt | None:
    """How the pages were closed that the act with this audit entry ended; none if it isn't known
    in time, or if the user was signed in nowhere."""
    try:
        return await asyncio.wait_for(asyncio.shield(_receipt(cause)), RECEIPT_TIMEOUT)
    except TimeoutError:
        return None


def _receipt(cause: UUID) -> asyncio.Future[Receipt]:
    loop = asyncio.get_running_loop()
    future = _receipts.get(cause)
    if future is None:
        future = _receipts[cause] = loop.create_future()
        loop.call_later(RECEIPT_TIMEOUT * 2, _receipts.pop, cause, None)
    return future


async def _close_pages(event: SessionsEnded) -> None:
    pages = live.pages_of_sessions(event.session_ids)
    closing = live.cut(pages, event.reason.value, event.committed_at)
    receipt = await receipts.gathered(event, closing)
    if receipt is None:
        return
    future = _receipt(event.cause)
    if not future.done():
        future.set_result(receipt)
    if receipt.pages or receipt.unheard:
        await accounts.keep_receipt(event.cause, event.user_id, receipt)


async def compare_forever() -> None:
    """Close the pages whose sessions are over in the database, until cancelled."""
    comparison = Comparison()
    while True:
        await asyncio.sleep(COMPARE_SECONDS)
        try:
            await comparison.go_on()
        except RollcallError as error:
            log.warning("Open pages can't be compared with the database now: %s", error)


async def _make_up(event: Listening) -> None:
    """Where nothing was heard from other processes for a while, the pages ask for fresh rows.
    (Whoever was signed out meanwhile is found by comparing.)"""
    if event.again:
        await live.tell_missed()


class Comparison:
    """Closes the pages whose sessions are over in the database. It asks the database only where
    that may be: something was committed, a session's time is over, or there are new ones here."""

    def __init__(self) -> None:
        self._mark: object = None
        self._compared: set[UUID] = set()
        self._expiry: datetime | None = None

    async def go_on(self) -> bool:
        """Compare, where anything can have changed; tells whether it did."""
        open_sessions = live.session_ids()
        if not open_sessions:
            return False
        mark = await changes.mark()
        expired = self._expiry is not None and self._expiry <= clock.now()
        if mark == self._mark and open_sessions <= self._compared and not expired:
            return False
        ended = await sessions.find_ended(open_sessions)
        self._expiry = await sessions.first_expiry(open_sessions - ended.keys())
        self._mark, self._compared = mark, open_sessions
        await asyncio.gather(
            *(
                live.cut(live.pages_of_sessions([session_id]), reason.value)
                for session_id, reason in ended.items()
            )
        )
        return True


# What each fact changed about whom a filter matches: the state before it.
_WAS: Mapping[type[UserEvent], dict[str, Any]] = {
    UserActivated: {"active": False},
    UserDeactivated: {"active": True},
}
# The facts that a grid's row shows.
ROW_EVENTS: tuple[type[UserEvent], ...] = (
    UserInvited,
    UserActivated,
    UserDeactivated,
    UserEdited,
    UserSignedIn,
    MailProgressed,
)


async def _patch_row(event: UserEvent) -> None:
    room = users_room(event.tenant_id)
    if not live.is_watched(room):
        return  # most replicas have nobody of this tenant: spare the database a query for each
    async with _asked_at_least([room]), _turn(room):
        row = event.row if isinstance(event, UserSwitched) else None
        if row is None:
            row = await find_row(event.user_id)
        await live.broadcast(room, "rollcall_user", patch_values(row, _was(event)))
    figures.current().pushed(event.committed_at)


def _turn(room: str) -> asyncio.Lock:
    """To be held while a fact is read and told, so that a room hears this process's facts in the
    order of their commits."""
    lock = _turns.get(room)
    if lock is None:
        lock = _turns[room] = asyncio.Lock()
    return lock


@asynccontextmanager
async def _asked_at_least(rooms: Sequence[str]) -> AsyncIterator[None]:
    """Have the pages of these rooms ask, where a fact can't be read: it isn't told twice."""
    try:
        yield
    except RollcallError:
        for room in rooms:
            await live.tell_missed(room)
        raise


async def _refresh_details(event: UserEvent) -> None:
    for room in (user_room(event.user_id), account_room(event.user_id)):
        await live.broadcast(room, "rollcall_details", {})


def _was(event: UserEvent) -> dict[str, Any] | None:
    if isinstance(event, UserInvited):
        return None
    if isinstance(event, UserEdited):
        return {"key": event.old_search_key}
    if isinstance(event, UserSignedIn):
        return {"invited": True} if event.first else {}
    return _WAS.get(type(event), {})


async def _show_entry(event: AuditWritten) -> None:
    rooms = [audit_room(event.chain_id)]
    if event.subject_id is not None:
        rooms.append(user_room(event.subject_id))
    watched = [room for room in rooms if live.is_watched(room)]
    if not watched:
        return
    async with _asked_at_least(watched), _turn(rooms[0]):
        entry = await find_entry(event.entry_id)
        for room in watched:
            await live.broadcast(room, "rollcall_audit", {"entry": entry_values(entry)})


async def _ask_for_users(event: UsersInvited) -> None:
    await _have_asked(users_room(event.tenant_id))
    await live.broadcast(TENANTS_ROOM, "rollcall_tenants", {})


async def _ask_for_entries(event: AuditGrew) -> None:
    await _have_asked(audit_room(event.chain_id))


async def _have_asked(room: str) -> None:
    """Have the pages of a room ask for what is new, where there is too much to tell of each: once
    for all that happens within `ASK_SECONDS`."""
    if room in _asked_soon:
        return
    _asked_soon.add(room)
    try:
        await asyncio.sleep(ASK_SECONDS)
    finally:
        _asked_soon.discard(room)
    await live.tell_missed(room)


async def _show_import(event: ImportProgressed) -> None:
    room = imports_room(event.tenant_id)
    if not live.is_watched(room):
        return
    async with _asked_at_least([room]), _turn(room):
        run = await find_import(event.import_id)
        if run is not None:
            await live.broadcast(room, "rollcall_import", import_values(run))


async def _count_users(_event: UserEvent) -> None:
    await live.broadcast(TENANTS_ROOM, "rollcall_tenants", {})


async def _show_tenants(event: TenantChanged) -> None:
    await live.broadcast(TENANTS_ROOM, "rollcall_tenants", {})
    await live.broadcast(settings_room(event.tenant_id), "rollcall_settings", {})


def _show_presence(user_id: UUID, tenant_id: UUID | None, online: bool) -> None:
    message = {"id": str(user_id), "online": online}
    # A Platform Admin at work in a tenant is seen there, and among the Platform Admins.
    for room in {users_room(tenant_id), users_room(None), user_room(user_id)}:
        live.broadcast_soon(room, "rollcall_presence", message)
