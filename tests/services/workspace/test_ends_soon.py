"""What ends soon, on its page and in calendars."""

import re
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest
from icalendar import Calendar

from models import CalendarFeed, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import DeadLinkError, FreshSignInNeededError
from services.core.names import hides_something
from services.core.words import with_nothing_hidden
from services.database.runtime import Runtime
from services.tenants import closing
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from services.workspace import end_calendar, ends_soon
from services.workspace.customers import invitations as customers
from services.workspace.customers.invitations import CustomerForm
from services.workspace.ends_soon import Ending, Kind, list_ends_soon
from tests import books
from tests.factories import create_admin, create_user, sign_in
from tests.hostile import HOSTILE
from tests.services.workspace.scene import create_poc


def _in(days: int) -> date:
    return clock.now().date() + timedelta(days=days)


async def test_people_and_invitations_are_listed_by_nearness(
    tenant: Tenant, admin_user: User, admin: Actor, other_tenant: Tenant
) -> None:
    near, far = await create_user(tenant, first_name="Near"), await create_user(tenant)
    await accounts.set_end_date(admin, near.id, _in(2), time(18))
    await accounts.set_end_date(admin, far.id, _in(60))
    stranger = await create_user(other_tenant)
    other_admin = await sign_in(await create_admin(other_tenant))
    await accounts.set_end_date(other_admin, stranger.id, _in(2))
    form = InvitationForm(
        first_name="Hedy",
        last_name="Lamarr",
        email="hedy@example.com",
        role="administrator",
        end_date=_in(9).isoformat(),
    )
    await invitations.invite(admin, form)
    shown = await list_ends_soon(admin)
    said = [(row.kind, row.name, row.note) for row in shown.rows]
    assert said == [
        (Kind.PERSON, "Near Lovelace", "set by Grace Hopper"),
        (Kind.INVITATION, "Hedy Lamarr", "sent by Grace Hopper"),
        (Kind.PERSON, "Hedy Lamarr", "set at the invitation"),
    ]
    assert len((await list_ends_soon(admin, 90)).rows) == 4
    assert not shown.has_feed


async def _calendar(url: str) -> Calendar:
    found = re.fullmatch(r".*/t/([^/]+)/ends-soon/([^/]+)\.ics", url)
    assert found is not None
    ends = await end_calendar.find_ends(found[1], found[2])
    return Calendar.from_ical(await end_calendar.write_calendar(ends))


async def test_a_calendar_says_days_as_days_and_times_as_moments(
    tenant: Tenant, admin: Actor
) -> None:
    day, moment = await create_user(tenant, first_name="Däy; \\n,"), await create_user(tenant)
    await accounts.set_end_date(admin, day.id, _in(40))
    await accounts.set_end_date(admin, moment.id, _in(41), time(18))
    events = (await _calendar(await end_calendar.tell_url(admin))).walk("VEVENT")
    first, second = events
    assert first.decoded("dtstart") == _in(40)
    assert str(first["summary"]) == "Däy; \\n, Lovelace: access ends"
    assert second.decoded("dtstart") == datetime.fromisoformat(f"{_in(41)}T18:00+00:00")


async def test_a_calendars_address_is_one_until_it_is_revoked(
    tenant: Tenant, admin: Actor, rollcall: Runtime
) -> None:
    url = await end_calendar.tell_url(admin)
    assert await end_calendar.tell_url(admin) == url
    await end_calendar.revoke(admin)
    with pytest.raises(DeadLinkError):
        await _calendar(url)
    assert await end_calendar.tell_url(admin) != url
    assert await books.actions_of(tenant) == [
        "calendar.told",
        "calendar.told",
        "calendar.revoked",
        "calendar.told",
    ]


async def test_a_calendar_ends_with_its_owners_access_and_with_the_organisation(
    tenant: Tenant, admin: Actor, platform: Actor
) -> None:
    other_user = await create_admin(tenant)
    other = await end_calendar.tell_url(await sign_in(other_user))
    own = await end_calendar.tell_url(admin)
    await accounts.set_active(admin, other_user.id, active=False)
    await accounts.set_active(admin, other_user.id, active=True)
    with pytest.raises(DeadLinkError):
        await _calendar(other)
    await _calendar(own)
    assert await books.count(CalendarFeed) == 1
    await closing.close_tenant(platform, tenant.id, tenant.name)
    with pytest.raises(DeadLinkError):
        await _calendar(own)


async def test_an_address_takes_a_fresh_sign_in(tenant: Tenant, admin: Actor) -> None:
    clock.shift(timedelta(minutes=16))
    with pytest.raises(FreshSignInNeededError):
        await end_calendar.tell_url(admin)


async def test_customers_are_listed_with_their_last_poc_and_their_unused_links_too(
    tenant: Tenant, admin: Actor, ada: Actor, other_tenant: Tenant
) -> None:
    near, far = [await create_poc(ada, f"Trial {n}", end_on=_in(n)) for n in (5, 20)]
    endless = await create_poc(ada, "Endless")
    reto = CustomerForm(first_name="Reto", last_name="Bianchi", email="reto@helvetia.example")
    mina = CustomerForm(first_name="Mina", last_name="Keller", email="mina@helvetia.example")
    for poc in (near, far):
        await customers.invite(ada, poc, reto)
    for poc in (near, endless):
        await customers.invite(ada, poc, mina)
    rows = (await list_ends_soon(admin)).rows
    assert [(row.kind, row.name, row.note) for row in rows if row.kind is Kind.CUSTOMER] == [
        (Kind.CUSTOMER, "Reto Bianchi", "with its POC Trial 20")
    ]
    links = [row for row in rows if row.kind is Kind.LINK]
    assert {row.name for row in links} == {"Reto Bianchi", "Mina Keller"}
    assert {row.note for row in links} == {"made by Ada Lovelace"}
    events = (await _calendar(await end_calendar.tell_url(admin))).walk("VEVENT")
    said = {str(event["summary"]): event.decoded("dtstart") for event in events}
    assert said["Reto Bianchi: POC ends, and their access"] == _in(20)
    assert "Mina Keller: open link expires" in said
    stranger = await sign_in(await create_admin(other_tenant))
    assert (await list_ends_soon(stranger)).rows == []


async def test_no_name_is_more_than_a_name_in_a_calendar(tenant: Tenant) -> None:
    """Whatever its line breaks are: forms refuse them, and a calendar doesn't rely on that."""
    counts = set()
    for hostile in HOSTILE:
        if hostile.name in {"half-a-pair", "other-half"}:  # no database holds them
            continue
        text = hostile.text
        ends = Ending(Kind.PERSON, uuid4(), text, text, clock.now(), None, text, email=text)
        tenant.name = text
        written = end_calendar.written(tenant, [ends])
        lines = written.split(b"\r\n")
        assert max(map(len, lines)) <= 75, hostile.name
        assert not any(sign in line for line in lines for sign in (b"\r", b"\n")), hostile.name
        calendar = Calendar.from_ical(written)
        (event,) = calendar.walk("VEVENT")
        said = with_nothing_hidden(re.sub("\r\n|\r", "\n", f"{text}: access ends"))
        assert str(event["summary"]) == said, hostile.name
        assert not hides_something(said), hostile.name
        counts.add(len(calendar.property_items()))
    assert len(counts) == 1  # no text makes a line of its own


async def test_a_calendar_that_cannot_hold_all_ends_says_so_where_it_stops(tenant: Tenant) -> None:
    rows = [
        Ending(Kind.PERSON, uuid4(), f"Ada {n}", "", clock.now() + timedelta(days=n), None, "")
        for n in range(ends_soon.MOST + 1)
    ]
    *shown, more = Calendar.from_ical(end_calendar.written(tenant, rows)).walk("VEVENT")
    assert len(shown) == ends_soon.MOST
    assert str(more["summary"]) == "More ends after this than fits into this calendar"
    assert more["dtstart"].to_ical() == shown[-1]["dtstart"].to_ical()
    all_of_them = Calendar.from_ical(end_calendar.written(tenant, rows[:-1])).walk("VEVENT")
    assert len(all_of_them) == ends_soon.MOST
