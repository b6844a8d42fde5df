"""Another time zone for an organisation: nobody's access ends earlier or later for it."""

from datetime import UTC, datetime, time, timedelta

from models import MailTemplate, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.query import from_url
from services.tenants import organisation
from services.tenants.events import TimeZoneChanged
from services.users import accounts, extending, listing, reminders
from services.users.list import USERS
from services.workspace.ends_soon import list_ends_soon
from tests import books
from tests.factories import create_user
from tests.mail_server import MailServer
from tests.services.organisation_calls import organisation_form


async def _move_to_tokyo(admin: Actor) -> None:
    await organisation.edit_organisation(admin, organisation_form(time_zone="Asia/Tokyo"))


async def test_an_end_stays_the_moment_that_it_was_and_every_place_tells_it_in_the_new_zone(
    tenant: Tenant,
    admin_user: User,
    admin: Actor,
    rollcall: Runtime,
    events: list[Event],
    mail_server: MailServer,
) -> None:
    day = clock.now().date() + timedelta(days=20)
    whole, timed = await create_user(tenant), await create_user(tenant)
    await accounts.set_end_date(admin, whole.id, day)
    await accounts.set_end_date(admin, timed.id, day, time(15))
    await _move_to_tokyo(admin)
    later = day + timedelta(days=1)
    midnight = datetime.combine(day, time(), UTC)
    said = {
        whole.id: (midnight, f"{day:%-d %B %Y}, 09:00 (Asia/Tokyo)", day, "09:00"),
        timed.id: (midnight + timedelta(hours=15), f"{later:%-d %B %Y}", later, ""),
    }
    rows = {row.id: row for row in (await listing.list_users(admin, from_url(USERS, {}))).rows}
    soon = {row.user_id: row.end for row in (await list_ends_soon(admin)).rows}
    for user_id, (moment, words, shown_day, shown_time) in said.items():
        details, end = await listing.get_details(admin, user_id), soon[user_id]
        assert (await books.user_of(user_id)).ends_at == moment
        assert details.end is not None
        assert end is not None
        assert {details.end.words, end.words} == {words}
        assert (rows[user_id].end_date, rows[user_id].end_time) == (shown_day, shown_time)
    clock.shift(timedelta(days=15))
    await reminders.send_due()
    mails = await books.mails_of(admin_user.id)
    reminded = {mail.params["ends"] for mail in mails if mail.template is MailTemplate.END_REMINDER}
    assert reminded == {words for _, words, *_ in said.values()}
    await rollcall.bus.drain()
    assert TimeZoneChanged(tenant_id=tenant.id) in events


async def test_what_was_extended_before_the_change_is_taken_back_to_the_same_moment(
    tenant: Tenant, admin: Actor
) -> None:
    user, day = await create_user(tenant), clock.now().date() + timedelta(days=5)
    await accounts.set_end_date(admin, user.id, day)
    extension = await extending.extend(admin, user.id)
    await _move_to_tokyo(admin)
    await extending.take_back(admin, extension)
    kept = await books.user_of(user.id)
    assert (kept.ends_at, kept.end_date, kept.end_time, kept.end_zone) == (
        datetime.combine(day, time(), UTC),
        day,
        time(9),
        "Asia/Tokyo",
    )
