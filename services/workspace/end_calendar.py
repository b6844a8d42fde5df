"""What ends soon, as a calendar (iCalendar, RFC 5545) at a secret url that can be revoked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select

from models import CalendarFeed, Tenant, User
from services.access import one_time_links
from services.access.actor import Principal, find_open_tenant
from services.access.permissions import Permission, Secret, may
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import DeadLinkError
from services.core.lazily import lazily
from services.core.secrets import derive, token_hash
from services.core.version import VERSION
from services.core.words import with_nothing_hidden
from services.database import runtime
from services.database.looking import looks_first
from services.database.transaction import reading
from services.workspace.actions import CalendarAction
from services.workspace.ends_soon import MOST, Ending, Kind, find_endings

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazily("icalendar")

WHAT = {
    Kind.PERSON: "access ends",
    Kind.CUSTOMER: "POC ends, and their access",
    Kind.INVITATION: "invitation expires",
    Kind.LINK: "open link expires",
}
AHEAD = timedelta(days=366)
DEAD = (
    "There is no calendar at this address: it was revoked, or its owner is inactive. "
    "Make a new one under Ends soon."
)


class _Turn:
    """One calendar at a time is written, in a thread: one of 500 ends takes a tenth of a second of
    the processor."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()


@looks_first
async def tell_url(actor: Principal) -> str:
    """The secret url at which a calendar reads what ends; that it was handed out is logged. It
    stays the same until it is revoked. Needs a fresh sign-in."""
    async with acting(actor, Secret.CALENDAR_FEED) as act:
        tenant = await act.get_tenant()
        feed = await _feed_of(act)
        if feed is None:
            feed = CalendarFeed(
                tenant_id=tenant.id,
                user_id=act.own.id,
                token_hash=b"",
                created_at=clock.now(),
            )
            feed.token_hash = token_hash(_token_of(feed))
            act.add(feed)
        await act.record(CalendarAction.TOLD, act.own, tenant_id=tenant.id)
        base = runtime.current().settings.public_url + one_time_links.path_of(tenant.slug)
        return f"{base}/ends-soon/{_token_of(feed)}.ics"


@looks_first
async def revoke(actor: Principal) -> bool:
    """Have the actor's calendar url answer nothing any more; returns whether there was one."""
    async with acting(actor, Permission.VIEW_USERS, urgent=True) as act:
        feed = await _feed_of(act)
        if feed is None:
            return False
        await act.tx.delete(feed)
        await act.record(CalendarAction.REVOKED, act.own, tenant_id=feed.tenant_id)
        return True


@dataclass(frozen=True)
class Ends:
    """What a calendar is to say of an organisation."""

    tenant: Tenant
    rows: list[Ending]

    @property
    def digest(self) -> str:
        """The same as long as the calendar says the same, whenever it is written."""
        said = (VERSION, _page_of(self.tenant), self.tenant.name, self.rows)
        return hashlib.sha256(repr(said).encode()).hexdigest()


async def find_ends(slug: str, token: str) -> Ends:
    """What the calendar at a secret url says. Raises `DeadLinkError` if there is none, if its owner
    may not see users any more, or if the organisation is closed."""
    async with reading() as tx:
        tenant = await find_open_tenant(tx, slug)
        found = await tx.exec(
            select(User)
            .join(CalendarFeed, col(CalendarFeed.user_id) == col(User.id))
            .where(
                CalendarFeed.token_hash == token_hash(token),
                CalendarFeed.tenant_id == (tenant.id if tenant else None),
            )
        )
        user = found.first()
        if tenant is None or user is None or not user.active:
            raise DeadLinkError(DEAD)
        if not may(user.role, Permission.VIEW_USERS):
            raise DeadLinkError(DEAD)
        return Ends(tenant, await find_endings(tx, tenant.id, clock.now() + AHEAD))


async def write_calendar(ends: Ends) -> bytes:
    """The calendar that says it."""
    async with runtime.current().part(_Turn).lock:
        return await asyncio.to_thread(written, ends.tenant, ends.rows)


def written(tenant: Tenant, rows: list[Ending]) -> bytes:
    """These ends as a calendar: a day if a day was chosen, otherwise the moment."""
    page = _page_of(tenant)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Rollcall//Ends soon//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    # The library escapes the values of names that it knows.
    calendar.add(
        "x-wr-calname", icalendar.vText(with_nothing_hidden(f"Ends soon at {tenant.name}"))
    )
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    now, shown = clock.now(), rows[:MOST]
    for row in shown:
        calendar.add_component(_event(row, page, now))
    if len(rows) > MOST:
        calendar.add_component(_and_more(tenant, shown[-1], page, now))
    return bytes(calendar.to_ical())


def _page_of(tenant: Tenant) -> str:
    base = runtime.current().settings.public_url
    return f"{base}{one_time_links.path_of(tenant.slug)}/ends-soon"


def _event(row: Ending, page: str, now: datetime) -> icalendar.Event:
    event = _entry(f"{row.kind}-{row.user_id}", page, now)
    event.add("summary", with_nothing_hidden(f"{row.name}: {WHAT[row.kind]}"))
    event.add("description", with_nothing_hidden(f"{row.detail}\n{row.email}\n{page}"))
    event.add("dtstart", _start_of(row))
    return event


def _and_more(tenant: Tenant, last: Ending, page: str, now: datetime) -> icalendar.Event:
    """Says, where the calendar stops, that there is more."""
    event = _entry(f"more-{tenant.id}", page, now)
    event.add("summary", "More ends after this than fits into this calendar")
    event.add("description", f"It holds the nearest {MOST} ends. Look at all of them here:\n{page}")
    event.add("dtstart", _start_of(last))
    return event


def _entry(name: str, page: str, now: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{name}@rollcall")
    event.add("dtstamp", now)
    event.add("url", page)
    event.add("transp", "TRANSPARENT")
    return event


def _start_of(row: Ending) -> date | datetime:
    return row.end.day if row.end is not None and row.end.at is None else row.at


async def _feed_of(act: Act) -> CalendarFeed | None:
    found = await act.tx.exec(
        select(CalendarFeed).where(
            CalendarFeed.tenant_id == act.tenant_id, CalendarFeed.user_id == act.own.id
        )
    )
    return found.first()


def _token_of(feed: CalendarFeed) -> str:
    value = derive(runtime.current().secret, "calendar", feed.id.bytes)
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
