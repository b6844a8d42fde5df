"""What feeds the rooms of open pages: committed facts (rows of lists: by `ui.tables.feed`)."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from models import Tenant
from services.access.events import UserEvent
from services.access.permissions import Permission
from services.audit.events import AuditGrew, AuditWritten
from services.audit.list import ENTRIES
from services.audit.reading import find_entry
from services.audit.writing import PLATFORM_CHAIN
from services.bulk.events import BulkProgressed
from services.bulk.kinds import kinds_of
from services.bulk.runs import find_run
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import runtime
from services.database.transport import Listening
from services.lists.wire import row_values
from services.mail.events import MailProgressed
from services.reviews import reviews, waiting
from services.reviews.events import ReviewChanged
from services.reviews.reviews import PersonView
from services.screens.events import ScreenChanged
from services.sessions import presence
from services.sessions.events import UserSignedIn
from services.tenants.events import TenantChanged, TimeZoneChanged
from services.tenants.organisation import find_shown
from services.users.counts import find_here
from services.users.events import (
    ImportProgressed,
    UserActivated,
    UserDeactivated,
    UserEdited,
    UserInvited,
    UserShown,
    UsersInvited,
    UsersSucceeded,
)
from services.users.imports.runs import find_import
from services.users.list import USERS
from services.users.listing import find_row
from services.users.row import UserRow
from services.workspace.customers.list import OUTSIDERS
from ui import figures, live, tenant_feed
from ui.looks import logo_url, version_of
from ui.run_values import bulk_values, import_values
from ui.tables import feed
from ui.tables.feed import asked_at_least, list_room, tell, tell_row, turn
from ui.whose import whose

log = logging.getLogger(__name__)

# How long arrivals and departures are gathered before they are counted.
HERE_SECONDS = 0.25

# If there are too many changes to send each one, they are gathered for this long; then the pages
# ask for fresh rows.
ASK_SECONDS = 0.5


class _AskedSoon(set[live.Room]):
    """The rooms whose pages are about to ask for fresh rows."""


@dataclass
class _Counting:
    """The tenants whose pages are about to hear how many are here."""

    waiting: set[UUID | None] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)  # the loop holds them only weakly


def users_room(tenant_id: UUID | None) -> live.Room:
    """The room of the lists that show a tenant's users (or the Platform Admins)."""
    return list_room(USERS.noun, tenant_id)


def audit_room(chain_id: UUID | None) -> live.Room:
    """The room of the pages that show a tenant's audit log (or the platform's)."""
    return live.Room("audit", chain_id or PLATFORM_CHAIN)


def user_room(user_id: UUID) -> live.Room:
    """The room of the pages that show one user's details, to people who manage users."""
    return live.Room("user-page", user_id)


def account_room(user_id: UUID) -> live.Room:
    """The room of a user's own account pages, which hear only that something changed."""
    return live.Room("account", user_id)


def settings_room(tenant_id: UUID | None) -> live.Room:
    """The room of a tenant's Settings pages, which hear only that something changed."""
    return live.Room("settings", tenant_id)


def header_room(tenant_id: UUID | None) -> live.Room:
    """The room of all open pages of a tenant, whose header shows its name and logo."""
    return live.Room("header", tenant_id)


def people_room(tenant_id: UUID | None) -> live.Room:
    """The room of the pages with forms in which people are chosen. They hear only that somebody
    came, went or changed: each asks for what it may see."""
    return live.Room("people", tenant_id)


def ends_room(tenant_id: UUID | None) -> live.Room:
    """The room of the pages of what ends soon, which hear only that something changed."""
    return live.Room("ends", tenant_id)


def welcome_room(tenant_id: UUID | None) -> live.Room:
    """The room of a tenant's welcome pages, which hear only that somebody came, went or changed."""
    return live.Room("welcome", tenant_id)


def imports_room(tenant_id: UUID | None) -> live.Room:
    """The room of the pages that show a tenant's imports."""
    return live.Room("imports", tenant_id)


def bulk_room(tenant_id: UUID | None, noun: str, looks: Permission) -> live.Room:
    """The room of the pages that show a tenant's acts on many rows of the list of this noun, to
    people with this permission."""
    return live.Room(f"bulk-{noun}-{looks.name}", tenant_id)


def reviews_room(tenant_id: UUID | None) -> live.Room:
    """The room of the pages with a tenant's reviews, or with how many wait for a decision."""
    return live.Room("reviews", tenant_id)


def review_room(review_id: UUID) -> live.Room:
    """The room of the pages that show one review."""
    return live.Room("review", review_id)


def subscribe(bus: Bus) -> None:
    """Have the bus tell the open pages, and presence tell the lists."""
    bus.subscribe(UserEvent, _refresh_details)
    bus.subscribe(UsersSucceeded, _show_successors)
    bus.subscribe(UserEvent, _show_ends)
    bus.subscribe(UsersInvited, _show_more_ends)
    for row_event in ROW_EVENTS:
        bus.subscribe(row_event, _patch_row)
    for selection_event in (UserInvited, UserActivated, UserDeactivated, UserEdited):
        bus.subscribe(selection_event, _renew_selections)
    bus.subscribe(UsersInvited, _ask_for_users)
    bus.subscribe(ImportProgressed, _show_import)
    bus.subscribe(BulkProgressed, _show_bulk)
    bus.subscribe(AuditWritten, _show_entry)
    bus.subscribe(AuditGrew, _ask_for_entries)
    bus.subscribe(TenantChanged, _show_tenant)
    bus.subscribe(TimeZoneChanged, _ask_for_days)
    bus.subscribe(ReviewChanged, _show_review)
    bus.subscribe(ScreenChanged, _show_screens)
    bus.subscribe(Listening, _make_up)
    feed.subscribe(bus)
    tenant_feed.subscribe(bus)
    figures.subscribe(bus)
    presence.on_change(_show_presence)


async def _make_up(event: Listening) -> None:
    """If nothing was heard from other processes for a while, the pages ask for fresh rows. (People
    who were signed out meanwhile are found by comparing.)"""
    if event.again:
        await live.tell_missed()


# What each fact changed about the users that a filter matches: the state before it.
_WAS: Mapping[type[UserEvent], dict[str, Any]] = {
    UserActivated: {"active": False},
    UserDeactivated: {"active": True},
}
# The facts that a list's row shows.
ROW_EVENTS: tuple[type[UserEvent], ...] = (
    UserInvited,
    UserActivated,
    UserDeactivated,
    UserEdited,
    UserSignedIn,
    MailProgressed,
)


async def _patch_row(event: UserEvent) -> None:
    row = event.row if isinstance(event, UserShown) else None

    async def read() -> UserRow:
        return row or await find_row(event.user_id)

    await tell_row(USERS, event.tenant_id, read, _was(event), event.committed_at)


def _refresh_details(event: UserEvent) -> None:
    for room in (user_room(event.user_id), account_room(event.user_id)):
        live.broadcast_soon(room, "rollcall_details", {})


def _show_successors(event: UsersSucceeded) -> None:
    for user_id in event.user_ids:
        live.broadcast_soon(user_room(user_id), "rollcall_details", {})


def _show_ends(event: UserEvent) -> None:
    if not isinstance(event, UserSignedIn) or event.first:
        live.broadcast_soon(ends_room(event.tenant_id), "rollcall_ends", {})
        live.broadcast_soon(welcome_room(event.tenant_id), "rollcall_welcome", {})


def _show_more_ends(event: UsersInvited) -> None:
    live.broadcast_soon(ends_room(event.tenant_id), "rollcall_ends", {})


def _was(event: UserEvent) -> dict[str, Any] | None:
    if isinstance(event, UserInvited):
        return None
    if isinstance(event, UserEdited):
        return {"key": event.old_search_key}
    if isinstance(event, UserSignedIn):
        return {"invited": True} if event.first else {}
    return _WAS.get(type(event), {})


def _show_entry(event: AuditWritten) -> Awaitable[None] | None:
    rooms = [audit_room(event.chain_id)]
    if event.subject_id is not None:
        rooms.append(user_room(event.subject_id))
    watched = [room for room in rooms if live.is_watched(room)]
    return _send_entry(event, rooms[0], watched) if watched else None


async def _send_entry(event: AuditWritten, of_chain: live.Room, watched: list[live.Room]) -> None:
    async with asked_at_least(watched), turn(of_chain):
        entry = await find_entry(event.entry_id)
        for room in watched:
            await live.broadcast(room, "rollcall_audit", {"entry": row_values(ENTRIES, entry)})


def _renew_selections(event: UserEvent) -> None:
    live.broadcast_soon(people_room(event.tenant_id), "rollcall_people", {})


async def _ask_for_users(event: UsersInvited) -> None:
    await _have_asked(users_room(event.tenant_id))


async def _ask_for_days(event: TimeZoneChanged) -> None:
    await _have_asked(header_room(event.tenant_id))


async def _ask_for_entries(event: AuditGrew) -> None:
    await _have_asked(audit_room(event.chain_id))


async def _have_asked(room: live.Room) -> None:
    """Have the pages of a room ask for what is new, if there is too much to send each change: once
    for all that happens within `ASK_SECONDS`."""
    asked_soon = runtime.current().part(_AskedSoon)
    if room in asked_soon:
        return
    asked_soon.add(room)
    try:
        await asyncio.sleep(ASK_SECONDS)
    finally:
        asked_soon.discard(room)
    await live.tell_missed(room)


async def _show_import(event: ImportProgressed) -> None:
    find = partial(find_import, event.import_id)
    await tell(imports_room(event.tenant_id), "rollcall_import", find, import_values)


async def _show_bulk(event: BulkProgressed) -> None:
    for looks in {one.looks for one in kinds_of([event.noun])}:
        find = partial(find_run, event.bulk_id, looks)
        room = bulk_room(event.tenant_id, event.noun, looks)
        await tell(room, "rollcall_bulk", find, bulk_values)


async def _show_review(event: ReviewChanged) -> None:
    every = reviews_room(event.tenant_id)
    await live.broadcast(every, "rollcall_reviews", {})
    find_undecided = partial(waiting.find_undecided, event.tenant_id)
    await tell(every, "rollcall_undecided", find_undecided, lambda count: {"count": count})
    room = review_room(event.review_id)
    if not event.person_ids:
        await live.broadcast(room, "rollcall_reviews", {})
        return
    find = partial(reviews.find_people, event.person_ids)
    await tell(room, "rollcall_review", find, _people_values)


def _people_values(people: Sequence[PersonView]) -> dict[str, Any]:
    return {"people": [person_values(person) for person in people]}


def person_values(person: PersonView) -> dict[str, Any]:
    """A person whom a review asks about, as plain values."""
    return {
        "id": str(person.id),
        "user": str(person.holder_id),
        **whose(person.name, person.email),
        "picture": version_of(person.picture),
        "role": person.role_label,
        "reasons": list(person.reasons),
        "seen": person.last_active.isoformat() if person.last_active else None,
        "decision": person.decision.value if person.decision else "",
        "by": person.decided_by,
        "outcome": person.outcome.label if person.outcome else "",
        "version": person.version,
    }


async def _show_tenant(event: TenantChanged) -> None:
    await live.broadcast(settings_room(event.tenant_id), "rollcall_settings", {})
    await live.broadcast(welcome_room(event.tenant_id), "rollcall_welcome", {})
    await live.broadcast(ends_room(event.tenant_id), "rollcall_ends", {})
    find = partial(find_shown, event.tenant_id)
    await tell(header_room(event.tenant_id), "rollcall_header", find, header_values)


def header_values(tenant: Tenant) -> dict[str, Any]:
    """What every page shows of its organisation, as plain values."""
    return {
        "name": tenant.name,
        "logo": logo_url(tenant.slug, tenant.logo),
        "closed": tenant.closed_at is not None,
        "zone": tenant.time_zone,
    }


async def _show_screens(event: ScreenChanged) -> None:
    await live.broadcast(settings_room(event.tenant_id), "rollcall_settings", {})


def _show_presence(user_id: UUID, tenant_id: UUID | None, online: bool) -> None:
    message = {"id": str(user_id), "online": online}
    # A Platform Admin at work in a tenant is seen there, and among the Platform Admins.
    outsiders = list_room(OUTSIDERS.noun, tenant_id)
    for room in {users_room(tenant_id), users_room(None), user_room(user_id), outsiders}:
        live.broadcast_soon(room, "rollcall_presence", message)
    live.broadcast_soon(welcome_room(tenant_id), "rollcall_welcome", {})
    for home in {tenant_id, None}:
        _count_soon(home)


def _count_soon(tenant_id: UUID | None) -> None:
    """Tell a tenant's pages how many are here, once for all who come and go in a moment."""
    counting = runtime.current().part(_Counting)
    if tenant_id in counting.waiting or not live.is_watched(users_room(tenant_id)):
        return
    counting.waiting.add(tenant_id)
    task = asyncio.get_running_loop().create_task(_tell_here(counting, tenant_id))
    counting.tasks.add(task)
    task.add_done_callback(counting.tasks.discard)


async def _tell_here(counting: _Counting, tenant_id: UUID | None) -> None:
    await asyncio.sleep(HERE_SECONDS)
    counting.waiting.discard(tenant_id)  # people who come from now on are counted in the next round
    try:
        here = await find_here(tenant_id)
    except RollcallError as error:
        log.warning("It can't be told now how many are here: %s", error)
        return
    await live.broadcast(users_room(tenant_id), "rollcall_tallies", {"here": here})
