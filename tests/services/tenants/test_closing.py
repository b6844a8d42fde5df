"""The end of a tenant: nobody of it is in, or gets in, from the commit on."""

from datetime import timedelta

import pytest

from models import EndReason, LinkPurpose, Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core import clock
from services.core.errors import (
    DeadLinkError,
    FreshSignInNeededError,
    InvalidInputError,
    NotFoundError,
    SessionEndedError,
    SignInFailedError,
    TenantClosedError,
)
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.sessions import sessions
from services.sessions.events import SessionsEnded
from services.sessions.sessions import Caller
from services.sign_in import password_change
from services.sign_in.second_factors import totp
from services.sign_in.sign_in import sign_in
from services.sso.connections import find_offer
from services.tenants import closing, tenants
from services.users import invitations, listing
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER, PASSWORD
from tests.mail_server import MailServer
from tests.racing import duel, rounds

# Milliseconds that what is raced here takes about.
SPREAD = 60
FORM = InvitationForm(
    first_name="Ida", last_name="Rhodes", email="ida@example.com", role=Role.ADMINISTRATOR.value
)


async def test_a_name_is_typed_as_a_browser_shows_it(platform: Actor, tenant: Tenant) -> None:
    await tenants.rename_tenant(platform, tenant.id, "Acme  Ltd")
    await closing.close_tenant(platform, tenant.id, "Acme Ltd")
    assert (await tenants.get_row(platform, tenant.id)).closed_at is not None


@ONE_DATABASE
async def test_a_tenant_is_closed_by_its_own_name_alone(platform: Actor, tenant: Tenant) -> None:
    for name in ("", "Acm", "Acme Ltd", "Other"):
        with pytest.raises(InvalidInputError) as caught:
            await closing.close_tenant(platform, tenant.id, name)
        assert caught.value.fields == {"name": "Type its name to close it: Acme"}
    assert await books.actions_of(tenant) == []
    await closing.close_tenant(platform, tenant.id, " acme ")
    assert "tenant.closed" in await books.actions_of(tenant)


async def test_closing_ends_every_session_with_its_reason(
    admin: Actor, tenant: Tenant, platform: Actor, rollcall: Runtime, events: list[Event]
) -> None:
    colleague = await factories.sign_in(await factories.create_user(tenant))
    assert await closing.close_tenant(platform, tenant.id, tenant.name) == 2
    for actor in (admin, colleague):
        with pytest.raises(SessionEndedError) as ended:
            await sessions.list_open(actor, actor.user_id)
        assert ended.value.reason is EndReason.TENANT_CLOSED
    await rollcall.bus.drain()
    told = {event.user_id for event in events if isinstance(event, SessionsEnded)}
    assert told == {admin.user_id, colleague.user_id}
    assert await books.actions_of(tenant) == [
        "tenant.closed",
        "session.revoked",
        "session.revoked",
    ]


async def test_another_tenants_people_stay_in(
    tenant: Tenant, other_tenant: Tenant, platform: Actor
) -> None:
    elsewhere = await factories.sign_in(await factories.create_user(other_tenant))
    await closing.close_tenant(platform, tenant.id, tenant.name)
    await sessions.list_open(elsewhere, elsewhere.user_id)
    await sessions.list_open(platform, platform.user_id)


@ONE_DATABASE
async def test_a_sign_in_to_a_closed_tenant_fails_like_any_other(
    admin: Actor, tenant: Tenant, platform: Actor
) -> None:
    user = await books.user_of(admin.user_id)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    with pytest.raises(SignInFailedError):
        await sign_in(tenant.slug, user.email, PASSWORD, CALLER)
    assert (await books.actions_of(tenant))[-1] == "session.sign_in_failed"


async def test_links_of_a_closed_tenant_are_dead_for_good(tenant: Tenant, platform: Actor) -> None:
    invited = await factories.create_user(tenant, invited=True)
    user = await factories.create_user(tenant)
    invitation = await factories.token_of(invited)
    (reset,) = await factories.issue_links([user], LinkPurpose.RESET)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    for reopened in (False, True):
        if reopened:
            await closing.reopen_tenant(platform, tenant.id)
        with pytest.raises(DeadLinkError):
            await invitations.accept(tenant.slug, invitation, "a sentence of my own", CALLER)
        with pytest.raises(DeadLinkError):
            await password_change.reset(tenant.slug, reset, "a sentence of my own", CALLER)


@ONE_DATABASE
async def test_a_closed_tenant_sends_no_link_for_a_new_password(
    tenant: Tenant, platform: Actor, mail_server: MailServer
) -> None:
    user = await factories.create_user(tenant)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    await password_change.request_reset(tenant.slug, user.email, CALLER)
    assert await books.mails_of(user.id) == []


@ONE_DATABASE
async def test_nobody_is_invited_into_a_closed_tenant(
    tenant: Tenant, platform: Actor, platform_user: User
) -> None:
    waiting = await factories.create_user(tenant, invited=True)
    inside = await factories.sign_in(platform_user, tenant)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    with pytest.raises(TenantClosedError):
        await invitations.invite(inside, FORM)
    with pytest.raises(TenantClosedError):
        await invitations.resend(inside, waiting.id)
    with pytest.raises(TenantClosedError):
        await invitations.copy_link(inside, waiting.id)


@ONE_DATABASE
async def test_a_platform_admin_still_looks_into_it(
    tenant: Tenant, platform: Actor, platform_user: User
) -> None:
    await factories.create_user(tenant)
    inside = await factories.sign_in(platform_user, tenant)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    assert (await listing.list_users(inside, ListQuery())).rows
    listed = (await tenants.list_tenants(platform, ListQuery())).rows
    (row,) = [row for row in listed if row.id == tenant.id]
    assert row.closed_at is not None


@ONE_DATABASE
async def test_it_offers_no_single_sign_on(tenant: Tenant, platform: Actor) -> None:
    await closing.close_tenant(platform, tenant.id, tenant.name)
    assert await find_offer(tenant.slug) is None


@ONE_DATABASE
async def test_after_reopening_the_old_password_lets_in_and_old_sessions_stay_ended(
    admin: Actor, tenant: Tenant, platform: Actor
) -> None:
    user = await books.user_of(admin.user_id)
    await closing.close_tenant(platform, tenant.id, tenant.name)
    await closing.reopen_tenant(platform, tenant.id)
    with pytest.raises(SessionEndedError):
        await totp.get_own(admin)
    await sign_in(tenant.slug, user.email, PASSWORD, CALLER)
    assert "tenant.reopened" in await books.actions_of(tenant)


async def test_closing_twice_does_nothing_more(tenant: Tenant) -> None:
    for _ in range(2):
        await closing.close_tenant(COMMAND_LINE, tenant.id, tenant.name)
    assert await books.actions_of(tenant) == ["tenant.closed"]


@ONE_DATABASE
async def test_closing_needs_a_fresh_sign_in_and_a_tenant(tenant: Tenant, platform: Actor) -> None:
    with pytest.raises(NotFoundError):
        await closing.close_tenant(platform, platform.user_id, "Nowhere")
    clock.shift(timedelta(minutes=16))
    for act in (
        closing.close_tenant(platform, tenant.id, tenant.name),
        closing.reopen_tenant(platform, tenant.id),
    ):
        with pytest.raises(FreshSignInNeededError):
            await act


@pytest.mark.stress
async def test_of_a_close_and_a_sign_in_at_once_nobody_stays_in(rollcall: Runtime) -> None:
    async def play(number: int) -> bool:
        tenant = await factories.create_tenant(f"Round {number}")
        user = await factories.create_user(tenant)
        caller = Caller(f"2001:db8::{number:x}")
        signed_in, closed = await duel(
            number,
            SPREAD,
            sign_in(tenant.slug, user.email, PASSWORD, caller),
            closing.close_tenant(COMMAND_LINE, tenant.id, tenant.name),
        )
        assert closed
        assert await books.live_sessions_of(user.id) == []
        return signed_in

    assert set(await rounds(play)) == {True, False}, "each was first now and then"


@pytest.mark.stress
async def test_of_a_close_and_an_accepted_invitation_at_once_nobody_stays_in(
    rollcall: Runtime,
) -> None:
    async def play(number: int) -> bool:
        tenant = await factories.create_tenant(f"Round {number}")
        user = await factories.create_user(tenant, invited=True)
        token = await factories.token_of(user)
        accepted, closed = await duel(
            number,
            SPREAD,
            invitations.accept(tenant.slug, token, "a sentence of my own", CALLER),
            closing.close_tenant(COMMAND_LINE, tenant.id, tenant.name),
        )
        assert closed
        assert await books.ways_in([user.id]) == []
        return accepted

    assert set(await rounds(play)) == {True, False}, "each was first now and then"
