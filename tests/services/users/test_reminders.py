"""Reminders of ends: to whom, when, and each once."""

import asyncio
from datetime import timedelta

from models import MailTemplate, OutgoingMail, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import transaction
from services.users import accounts, extending, reminders
from services.users.ends import End, set_end
from tests import books
from tests.factories import create_admin, create_user, sign_in
from tests.mail_server import MailServer
from tests.statements import heard

DAY = timedelta(days=1)


async def _reminders_to(user: User) -> list[OutgoingMail]:
    mails = await books.mails_of(user.id)
    return [mail for mail in mails if mail.template is MailTemplate.END_REMINDER]


async def _ends_in(tenant: Tenant, by: User, days: int) -> User:
    """Somebody whom this admin has invited long ago, with an end that was set then."""
    user = await create_user(tenant, first_name="Bao", last_name="Trần")
    async with transaction() as tx:
        row = await tx.get_one(User, user.id)
        row.invited_by_id = by.id
        set_end(row, End(clock.now().date() + days * DAY), by.id)
        row.end_set_at = clock.now() - 60 * DAY
    return user


async def test_the_inviter_is_reminded_seven_days_and_one_day_before_and_once_each(
    tenant: Tenant, admin_user: User, mail_server: MailServer
) -> None:
    await create_admin(tenant)
    user = await _ends_in(tenant, admin_user, 9)
    ends_on = clock.now().date() + 9 * DAY
    counts = []
    for day in range(9):
        clock.shift(day * DAY)
        for _ in range(2):
            await reminders.send_due()
        counts.append(len(await _reminders_to(admin_user)))
    # The end is at the start of its day: on the second day it is less than seven days away.
    assert counts == [0, 0, 1, 1, 1, 1, 1, 1, 2]
    clock.shift(3 * DAY - timedelta(hours=1))  # a clock that is put back reminds of nothing again
    await reminders.send_due()
    _, mail = await _reminders_to(admin_user)
    assert (mail.params["person"], mail.params["ends"]) == (
        user.full_name,
        f"{ends_on:%-d %B %Y}",
    )


async def test_admins_are_reminded_who_want_it_and_all_where_nobody_would_be(
    tenant: Tenant, admin_user: User, other_tenant: Tenant, mail_server: MailServer
) -> None:
    wanting, other = await create_admin(tenant), await create_admin(tenant)
    elsewhere = await create_admin(other_tenant)
    for who in (wanting, elsewhere):
        await reminders.want_reminders(await sign_in(who), wanted=True)
    await _ends_in(tenant, admin_user, 5)
    await _ends_in(tenant, elsewhere, 5)  # of another organisation: nobody of theirs any more
    await reminders.send_due()
    mails = [len(await _reminders_to(who)) for who in (admin_user, wanting, other, elsewhere)]
    assert mails == [1, 2, 0, 1]
    await reminders.want_reminders(await sign_in(wanting), wanted=False)
    gone = await create_admin(tenant)
    await _ends_in(tenant, gone, 6)
    await accounts.set_active(await sign_in(admin_user), gone.id, active=False)
    await reminders.send_due()
    mails = [len(await _reminders_to(who)) for who in (admin_user, wanting, other)]
    assert mails == [2, 3, 1]


async def test_an_end_that_is_set_so_near_is_reminded_of_only_at_the_next_distance(
    tenant: Tenant, admin_user: User, admin: Actor, mail_server: MailServer
) -> None:
    user = await _ends_in(tenant, admin_user, 40)
    await accounts.set_end_date(admin, user.id, clock.now().date() + 3 * DAY)
    await reminders.send_due()
    assert await _reminders_to(admin_user) == []
    clock.shift(2 * DAY)
    await reminders.send_due()
    assert len(await _reminders_to(admin_user)) == 1


async def test_an_extended_end_is_reminded_of_anew(
    tenant: Tenant, admin_user: User, mail_server: MailServer
) -> None:
    user = await _ends_in(tenant, admin_user, 1)
    await reminders.send_due()
    await extending.extend(await sign_in(admin_user), user.id)
    await reminders.send_due()
    assert len(await _reminders_to(admin_user)) == 1
    clock.shift(25 * DAY)
    await reminders.send_due()
    assert len(await _reminders_to(admin_user)) == 2


async def test_several_processes_remind_once_between_them(
    tenant: Tenant, admin_user: User, mail_server: MailServer
) -> None:
    for _ in range(25):
        await _ends_in(tenant, admin_user, 7)
    done = await asyncio.gather(*(reminders.send_due() for _ in range(4)))
    assert sum(done) == 25
    assert len(await _reminders_to(admin_user)) == 25


async def test_a_batch_of_reminders_takes_as_many_statements_however_many_there_are(
    tenant: Tenant, admin_user: User, mail_server: MailServer
) -> None:
    found = []
    for count in (2, 6):
        for _ in range(count):
            await _ends_in(tenant, admin_user, 5)
        with heard() as statements:
            assert await reminders.send_due() == count
        found.append(len(statements))
    assert found[0] == found[1]
    assert len(await _reminders_to(admin_user)) == 8
