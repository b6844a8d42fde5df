"""Whatever shuts somebody out goes before who waits already to write something else."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from models import EmailChange, LinkPurpose, PocStatus, Role, Tenant, User
from services.access import one_time_links
from services.access.actor import ROLLCALL, Actor
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.operations import expiry
from services.screens import screens
from services.sessions import sessions
from services.sign_in import password_change
from services.tenants import closing
from services.users import accounts, email_change
from services.workspace import end_calendar, leaving, pocs, wrong_role
from services.workspace.customers import invitations, people, visits
from tests import factories
from tests.factories import CALLER, create_user
from tests.services.screen_calls import add_screen
from tests.services.urgency import order_beside, service_functions
from tests.services.workspace.rows import create_rows

Act = Callable[[], Awaitable[object]]


async def _deactivate(tenant: Tenant, admin: Actor) -> Act:
    user = await create_user(tenant)
    return lambda: accounts.set_active(admin, user.id, active=False)


async def _end_stay(tenant: Tenant, _admin: Actor) -> Act:
    user = await create_user(tenant)
    async with transaction() as tx:
        due = await tx.get_one(User, user.id)
        due.end_date, due.end_zone, due.ends_at = clock.now().date(), "UTC", clock.now()
    return lambda: accounts.end_if_due(ROLLCALL, user.id)


async def _leave(tenant: Tenant, admin: Actor) -> Act:
    user, heir = await create_user(tenant), await create_user(tenant)
    form = pocs.HandOverForm(owner_id=heir.id)
    return lambda: leaving.leave(admin, user.id, form)


async def _correct_role(tenant: Tenant, admin: Actor) -> Act:
    user = await create_user(tenant)
    form = wrong_role.RoleForm(role=Role.ADMINISTRATOR)
    return lambda: wrong_role.correct_role(admin, user.id, form)


async def _sign_out(tenant: Tenant, _admin: Actor) -> Act:
    actor = await factories.sign_in(await create_user(tenant))
    return lambda: sessions.sign_out(actor)


async def _sign_out_other(tenant: Tenant, admin: Actor) -> Act:
    user = await create_user(tenant)
    await factories.sign_in(user)
    return lambda: sessions.revoke(admin, user.id)


async def _reset_password(tenant: Tenant, _admin: Actor) -> Act:
    user = await create_user(tenant)
    (token,) = await factories.issue_links([user], LinkPurpose.RESET)
    return lambda: password_change.reset(tenant.slug, token, "an unusual stairway", CALLER)


async def _expire(tenant: Tenant, _admin: Actor) -> Act:
    user = await create_user(tenant)
    await factories.sign_in(user)
    await factories.expire_sessions(user)
    return expiry.settle


async def _deactivate_customer(tenant: Tenant, admin: Actor) -> Act:
    person = await factories.create_customer(tenant)
    return lambda: people.set_active(admin, person.id, active=False)


async def _customer_leaves(tenant: Tenant, _admin: Actor) -> Act:
    customer, _ = await factories.open_customer_session(await factories.create_customer(tenant))
    return lambda: visits.leave(customer)


async def _owned(tenant: Tenant) -> tuple[Actor, UUID, UUID]:
    owner = await factories.sign_in(await create_user(tenant))
    rows = await create_rows(tenant.id, owner.user_id)
    return owner, rows.poc, rows.customer


async def _deactivate_customer_of_poc(tenant: Tenant, _admin: Actor) -> Act:
    owner, poc, customer = await _owned(tenant)
    return lambda: people.set_active_of_poc(owner, poc, customer, active=False)


async def _remove_customer(tenant: Tenant, _admin: Actor) -> Act:
    owner, poc, customer = await _owned(tenant)
    return lambda: invitations.remove(owner, poc, customer)


async def _cancel(tenant: Tenant, _admin: Actor) -> Act:
    owner, poc, _ = await _owned(tenant)
    form = pocs.StatusForm(status=PocStatus.CANCELLED)
    return lambda: pocs.change_status(owner, poc, 1, form)


async def _archive(tenant: Tenant, _admin: Actor) -> Act:
    owner, poc, _ = await _owned(tenant)
    return lambda: pocs.set_archived(owner, poc, 1, archived=True)


async def _revoke_screen(tenant: Tenant, admin: Actor) -> Act:
    screen_id = await add_screen(tenant.id)
    return lambda: screens.revoke_screen(admin, screen_id)


async def _revoke_calendar(_tenant: Tenant, admin: Actor) -> Act:
    await end_calendar.tell_url(admin)
    return lambda: end_calendar.revoke(admin)


async def _close(tenant: Tenant, _admin: Actor) -> Act:
    platform = await factories.sign_in(await create_user(None))
    return lambda: closing.close_tenant(platform, tenant.id, tenant.name)


async def _take_email_back(tenant: Tenant, _admin: Actor) -> Act:
    user = await create_user(tenant)
    async with transaction() as tx:
        confirmed, back = (
            one_time_links.issue(tx, purpose, user.id)
            for purpose in (LinkPurpose.EMAIL_CONFIRM, LinkPurpose.EMAIL_REVERT)
        )
        await tx.flush()
        tx.add(
            EmailChange(
                user_id=user.id,
                old_email="before@example.com",
                new_email=user.email,
                link_id=confirmed.id,
                revert_link_id=back.id,
                created_at=clock.now(),
                confirmed_at=clock.now(),
            )
        )
    token = one_time_links.token_of(back)
    return lambda: email_change.take_back(tenant.slug, token, CALLER)


CASES = {
    "operations.expiry.settle": _expire,
    "screens.screens.revoke_screen": _revoke_screen,
    "sessions.sessions.revoke": _sign_out_other,
    "sessions.sessions.sign_out": _sign_out,
    "sign_in.password_change.reset": _reset_password,
    "tenants.closing.close_tenant": _close,
    "users.accounts.end_if_due": _end_stay,
    "users.accounts.set_active": _deactivate,
    "users.email_change.take_back": _take_email_back,
    "workspace.customers.invitations.remove": _remove_customer,
    "workspace.customers.people.set_active_of_poc": _deactivate_customer_of_poc,
    "workspace.customers.people.set_active": _deactivate_customer,
    "workspace.customers.visits.leave": _customer_leaves,
    "workspace.end_calendar.revoke": _revoke_calendar,
    "workspace.leaving.leave": _leave,
    "workspace.pocs.change_status": _cancel,
    "workspace.pocs.set_archived": _archive,
    "workspace.wrong_role.correct_role": _correct_role,
}
TRIED_ELSEWHERE = {
    "sso.logout.end_by_provider",  # beside its test provider
    # It first counts a guess of the current password, which takes its turn like all others; the
    # sources alone show that the change itself doesn't.
    "sign_in.password_change.change_password",
}
SHUTS_NOBODY_OUT = {
    "sign_in.sign_in.replace_session",  # who it was has just signed in again, in the same browser
    "workspace.leaving.undo",  # it only lets people in again
}

SHUTS_OUT_PATIENTLY = {
    # Acts on many: each batch of ten lets others go first, acts on one above all, but no longer
    # than `PATIENCE` allows. Whoever has to go at once is deactivated alone.
    "bulk.batches.act_on_next",
}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)  # where one writes at a time
@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
async def test_what_shuts_somebody_out_goes_before_who_waits_already(
    rollcall: Runtime,
    tenant: Tenant,
    admin: Actor,
    platform_user: User,
    make: Callable[[Tenant, Actor], Awaitable[Act]],
) -> None:
    act = await make(tenant, admin)
    other = await factories.sign_in(platform_user)
    assert await order_beside(rollcall, other, act) == ["urgent", "usual"]


def test_every_urgent_call_is_tried() -> None:
    urgent = {name for name, call in service_functions().items() if call.is_urgent}
    assert urgent == CASES.keys() | TRIED_ELSEWHERE


def test_every_call_that_ends_sessions_is_urgent() -> None:
    functions = service_functions()
    ending, found = {"sessions.sessions.end_living"}, 0
    while len(ending) > found:
        found = len(ending)
        ending |= {name for name, function in functions.items() if function.calls & ending}
    begin = {name for name in ending if functions[name].begins}
    not_urgent = {name for name in begin if not functions[name].is_urgent}
    assert not_urgent == SHUTS_NOBODY_OUT | SHUTS_OUT_PATIENTLY
    assert {"workspace.leaving.leave", "workspace.pocs.set_archived"} <= begin  # through others
