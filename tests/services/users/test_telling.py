"""People hear by mail of what is done to their account, where it was so chosen: of each act once,
and of none that wasn't done."""

from datetime import timedelta
from uuid import UUID

import pytest

from models import BulkKind, MailState, MailTemplate, Role, Tenant, User
from services.access.actor import ROLLCALL, Actor
from services.access.permissions import Permission
from services.audit.acting import acting
from services.bulk import preview, runs
from services.bulk.runs import BulkForm
from services.core import clock
from services.core.errors import ConflictError
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.tenants import rules
from services.tenants.rules import ReviewEvery, RulesForm
from services.users import accounts, extending, switching
from services.workspace import bulk_worker, leaving
from services.workspace.wrong_role import RoleForm, correct_role
from tests import books
from tests.conftest import ONE_DATABASE
from tests.deliveries import deliver_next
from tests.factories import create_user
from tests.mail_server import MailServer

SOON = timedelta(days=10)


async def _waiting(user_id: UUID) -> list[MailTemplate]:
    mails = await books.mails_of(user_id)
    return [mail.template for mail in mails if mail.state is MailState.WAITING]


async def _suggest(admin: Actor) -> None:
    form = RulesForm(review_every=ReviewEvery.NEVER, tells_people=True)
    await rules.edit_rules(admin, form)


@ONE_DATABASE
async def test_who_is_deactivated_and_activated_hears_of_it_where_that_was_chosen(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    for tell in (False, True):
        change = await accounts.set_active(admin, user.id, False, tell=tell)
        assert change.told is tell
        assert await _waiting(user.id) == ([MailTemplate.DEACTIVATED] if tell else [])
        await accounts.set_active(admin, user.id, True)
        assert await _waiting(user.id) == []  # what isn't so any more isn't sent
    await accounts.set_active(admin, user.id, False, tell=True)
    assert await deliver_next()
    await accounts.set_active(admin, user.id, True, tell=True)
    assert await deliver_next()
    first, second = mail_server.to(user.email)
    assert "has ended" in first.part("plain")
    assert "active again" in second.part("plain")


async def test_the_receipt_of_a_departure_says_whether_they_are_told(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    await accounts.set_active(admin, user.id, False)
    departure = await leaving.get_departure(admin, user.id)
    assert (departure.told, departure.by_role) == (None, Role.TENANT_ADMIN)
    await accounts.set_active(admin, user.id, True)
    clock.shift(timedelta(minutes=1))
    await accounts.set_active(admin, user.id, False, tell=True)
    told = (await leaving.get_departure(admin, user.id)).told
    assert told is not None
    assert told.state is MailState.WAITING
    assert await deliver_next()
    told = (await leaving.get_departure(admin, user.id)).told
    assert told is not None
    assert (told.state, told.sent_at is None) == (MailState.SENT, False)


async def _refused(admin: Actor, user: User) -> None:
    async with acting(admin, Permission.SWITCH_USERS, lock=(user.id,)) as act:
        await switching.switch(act, await act.get(User, user.id), False, tell=True)
        raise ConflictError("No.")


async def test_an_act_that_is_rolled_back_tells_nobody(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    with pytest.raises(ConflictError):
        await _refused(admin, user)
    assert list(await books.mails_of(user.id)) == []


@ONE_DATABASE
async def test_of_an_end_date_that_changes_twice_the_last_one_is_told(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    day = clock.now().date() + SOON
    for end in (day, day + SOON, None):
        await accounts.set_end_date(admin, user.id, end, tell=True)
    assert await _waiting(user.id) == [MailTemplate.END_DATE]
    while await deliver_next():
        pass
    (mail,) = mail_server.to(user.email)
    assert "It is now: no end." in mail.part("plain")


@ONE_DATABASE
async def test_what_no_dialog_asks_is_told_as_the_organisation_suggests(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user, leaver = await create_user(tenant), await create_user(tenant)
    for one in (user, leaver):
        await accounts.set_end_date(admin, one.id, clock.now().date() + SOON)
    await extending.extend(admin, user.id)
    assert await _waiting(user.id) == []
    await _suggest(admin)
    assert (await accounts.get_impact(admin, user.id)).tells
    await extending.extend(admin, user.id)
    assert await _waiting(user.id) == [MailTemplate.END_DATE]
    clock.shift(SOON)
    assert await accounts.end_if_due(ROLLCALL, leaver.id)
    assert await _waiting(leaver.id) == [MailTemplate.DEACTIVATED]


@ONE_DATABASE
async def test_taking_a_deactivation_back_tells_those_alone_who_heard_of_it(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    told, untold = await create_user(tenant), await create_user(tenant)
    await accounts.set_active(admin, told.id, False, tell=True)
    assert await deliver_next()
    await accounts.set_active(admin, untold.id, False, tell=True)
    for user in (told, untold):
        await leaving.undo(admin, user.id)
    assert await _waiting(told.id) == [MailTemplate.ACTIVATED]
    assert await _waiting(untold.id) == []


@ONE_DATABASE
async def test_who_was_activated_untold_can_be_told_afterwards(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user, gone = await create_user(tenant, active=False), await create_user(tenant, active=False)
    await accounts.set_active(admin, user.id, True)
    await accounts.tell_active(admin, user.id)
    assert await _waiting(user.id) == [MailTemplate.ACTIVATED]
    with pytest.raises(ConflictError):
        await accounts.tell_active(admin, gone.id)


async def test_in_bulk_each_who_is_changed_hears_of_it_once(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    active, gone = await create_user(tenant), await create_user(tenant, active=False)
    run = await runs.draft(admin, BulkKind.DEACTIVATE, ListQuery())
    assert (await preview.preview(admin, run)).tells is False
    await runs.begin(admin, run, BulkForm(tell=True))
    await bulk_worker.work_off(admin, run)
    assert await _waiting(active.id) == [MailTemplate.DEACTIVATED]
    assert await _waiting(gone.id) == await _waiting(admin.user_id) == []


@pytest.mark.parametrize(("told", "left"), [(True, True), (True, False), (False, True)])
async def test_undoing_in_bulk_tells_those_alone_who_heard_of_the_deactivation(
    admin: Actor, tenant: Tenant, mail_server: MailServer, told: bool, left: bool
) -> None:
    user = await create_user(tenant)
    run = await runs.draft(admin, BulkKind.DEACTIVATE, ListQuery(ids=frozenset({user.id})))
    await runs.begin(admin, run, BulkForm(tell=told))
    await bulk_worker.work_off(admin, run)
    while left and await deliver_next():
        pass
    await bulk_worker.work_off(admin, await runs.undo(admin, run))
    assert (await books.user_of(user.id)).active
    assert await _waiting(user.id) == [MailTemplate.ACTIVATED] * (told and left)


@ONE_DATABASE
async def test_a_corrected_role_is_told_by_its_invitation_or_handed_over(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    wrong = await create_user(tenant, role=Role.ADMINISTRATOR)
    right = RoleForm(role=Role.SALES_ENGINEER, tell=True)
    invited = (await correct_role(admin, wrong.id, right)).invited
    assert invited.by_mail
    while await deliver_next():
        pass
    plain = mail_server.to(wrong.email)[-1].part("plain")
    assert "Your account as Administrator has ended: a new one, as Sales Engineer" in plain
    assert "/invitation/" in plain
    again = RoleForm(role=Role.ADMINISTRATOR)
    handed_over = (await correct_role(admin, invited.user_id, again)).invited
    assert not handed_over.by_mail
    assert await _waiting(handed_over.user_id) == []


async def test_without_a_mail_server_telling_is_neither_offered_nor_done(
    rollcall: Runtime, admin: Actor, tenant: Tenant
) -> None:
    await _suggest(admin)
    user = await create_user(tenant)
    assert not (await accounts.get_impact(admin, user.id)).tells
    run = await runs.draft(admin, BulkKind.DEACTIVATE, ListQuery())
    assert (await preview.preview(admin, run)).tells is None
    assert not (await accounts.set_active(admin, user.id, False, tell=True)).told
    assert list(await books.mails_of(user.id)) == []
