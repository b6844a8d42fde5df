"""Whatever shuts somebody out goes before who waits already to write something else."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from models import EmailChange, LinkPurpose, PocStatus, Tenant, User
from services.access import one_time_links
from services.access.actor import Actor
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.screens import screens
from services.sessions import sessions
from services.tenants import closing
from services.users import accounts, email_change, profile
from services.workspace import end_calendar, pocs
from services.workspace.customers import invitations, people
from tests import factories
from tests.browser.waiting import eventually
from tests.factories import CALLER, create_user
from tests.services.organisation_calls import picture
from tests.services.screen_calls import add_screen
from tests.services.workspace.rows import create_rows

Act = Callable[[], Awaitable[object]]


async def _deactivate(tenant: Tenant, admin: Actor) -> Act:
    user = await create_user(tenant)
    return lambda: accounts.set_active(admin, user.id, active=False)


async def _sign_out(tenant: Tenant, admin: Actor) -> Act:
    user = await create_user(tenant)
    await factories.sign_in(user)
    return lambda: sessions.revoke(admin, user.id)


async def _deactivate_customer(tenant: Tenant, admin: Actor) -> Act:
    person = await factories.create_customer(tenant)
    return lambda: people.set_active(admin, person.id, active=False)


async def _owned(tenant: Tenant) -> tuple[Actor, UUID, UUID]:
    owner = await factories.sign_in(await create_user(tenant))
    rows = await create_rows(tenant.id, owner.user_id)
    return owner, rows.poc, rows.customer


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


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)  # where one writes at a time
@pytest.mark.parametrize(
    "make",
    [
        _deactivate,
        _sign_out,
        _deactivate_customer,
        _remove_customer,
        _cancel,
        _archive,
        _revoke_screen,
        _revoke_calendar,
        _close,
        _take_email_back,
    ],
)
async def test_what_shuts_somebody_out_goes_before_who_waits_already(
    rollcall: Runtime,
    tenant: Tenant,
    admin: Actor,
    platform_user: User,
    make: Callable[[Tenant, Actor], Awaitable[Act]],
) -> None:
    act = await make(tenant, admin)
    other = await factories.sign_in(platform_user)
    image, queue = picture(), rollcall.database.queue
    order: list[str] = []

    def begin(name: str, call: Awaitable[object]) -> asyncio.Task[object]:
        task: asyncio.Task[object] = asyncio.ensure_future(call)
        task.add_done_callback(lambda _: order.append(name))
        return task

    async with transaction():
        usual = begin("usual", profile.set_picture(other, image))
        await eventually(lambda: queue.present == 2)
        urgent = begin("urgent", act())
        await eventually(lambda: queue.present == 3)
    await asyncio.gather(usual, urgent)
    assert order == ["urgent", "usual"]
