"""A link for a new password, which an admin makes for somebody else."""

from datetime import timedelta

import pytest

from models import LinkPurpose, MailState, MailTemplate, Role, SsoConnection, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.access.permissions import PASSWORD_LINKS
from services.core import clock
from services.core.errors import (
    ConflictError,
    DeadLinkError,
    FreshSignInNeededError,
    NotAllowedError,
    NotFoundError,
    SignInFailedError,
    TenantClosedError,
)
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.sign_in import password_links
from services.sign_in.password_change import open_reset, request_reset, reset
from services.sign_in.sign_in import sign_in
from services.tenants import closing
from services.users import accounts
from tests import books, factories
from tests.conftest import PUBLIC_URL
from tests.deliveries import deliver_next
from tests.factories import CALLER, PASSWORD, create_user, token_of
from tests.mail_server import MailServer

EMAIL = "ada@example.com"
NEW = "an entirely different sentence"


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer."""
    return await create_user(tenant, email=EMAIL)


def _token(url: str) -> str:
    return url.rpartition("/")[2]


async def test_a_copied_link_sets_a_new_password_once(
    tenant: Tenant, admin: Actor, ada: User
) -> None:
    url = await password_links.copy_link(admin, ada.id)
    assert url.startswith(f"{PUBLIC_URL}/t/acme/password/reset/")
    assert (await reset(tenant.slug, _token(url), NEW, CALLER)).token
    with pytest.raises(SignInFailedError):
        await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    with pytest.raises(DeadLinkError):
        await reset(tenant.slug, _token(url), NEW, CALLER)


async def test_making_a_link_changes_no_password_and_ends_no_session(
    tenant: Tenant, admin: Actor, ada: User
) -> None:
    await factories.open_session(ada)
    await password_links.copy_link(admin, ada.id)
    assert len(await books.live_sessions_of(ada.id)) == 1
    assert (await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)).token


async def test_a_link_lasts_thirty_minutes(tenant: Tenant, admin: Actor, ada: User) -> None:
    token = _token(await password_links.copy_link(admin, ada.id))
    clock.shift(timedelta(minutes=29))
    assert (await open_reset(tenant.slug, token)).email == EMAIL
    clock.shift(timedelta(minutes=31))
    with pytest.raises(DeadLinkError, match="ask your admin"):
        await open_reset(tenant.slug, token)


async def test_a_link_is_in_the_log_with_who_made_it(
    mail_server: MailServer, tenant: Tenant, admin: Actor, ada: User
) -> None:
    url = await password_links.copy_link(admin, ada.id)
    await password_links.mail_link(admin, ada.id)
    copied, mailed = await books.audit_of(tenant)
    assert [copied.action, mailed.action] == ["password.link_copied", "password.link_sent"]
    assert copied.actor_name == mailed.actor_name == "Grace Hopper"
    assert copied.subject_id == mailed.subject_id == ada.id
    assert _token(url) not in repr(copied.details)


async def test_a_mailed_link_says_who_made_it(
    mail_server: MailServer, tenant: Tenant, admin: Actor, ada: User
) -> None:
    assert await password_links.mail_link(admin, ada.id) == EMAIL
    (mail,) = await books.mails_of(ada.id)
    assert (mail.template, mail.state) == (MailTemplate.RESET, MailState.WAITING)
    await deliver_next()
    (received,) = mail_server.to(EMAIL)
    text = received.part("plain")
    assert "Grace Hopper made you a link for a new password for Acme on Rollcall." in text
    assert await token_of(ada, LinkPurpose.RESET) in text
    assert "Grace Hopper" in received.part("html")


async def test_without_a_mail_server_no_link_is_mailed(admin: Actor, ada: User) -> None:
    with pytest.raises(ConflictError, match="No mail server is set up"):
        await password_links.mail_link(admin, ada.id)
    assert await books.links_of(ada.id) == []


async def test_a_newer_link_is_the_only_one_that_works(
    mail_server: MailServer, tenant: Tenant, admin: Actor, ada: User
) -> None:
    await request_reset(tenant.slug, EMAIL, CALLER)
    asked = await token_of(ada, LinkPurpose.RESET)
    first = _token(await password_links.copy_link(admin, ada.id))
    second = _token(await password_links.copy_link(admin, ada.id))
    for dead in (asked, first):
        with pytest.raises(DeadLinkError):
            await open_reset(tenant.slug, dead)
    assert (await open_reset(tenant.slug, second)).email == EMAIL
    (mail,) = await books.mails_of(ada.id)
    assert mail.state is MailState.CANCELLED


async def test_every_link_takes_a_fresh_sign_in(admin: Actor, ada: User) -> None:
    clock.shift(timedelta(minutes=16))
    with pytest.raises(FreshSignInNeededError):
        await password_links.copy_link(admin, ada.id)
    assert await books.links_of(ada.id) == []


async def test_a_tenant_admin_makes_none_for_another_admin(tenant: Tenant, admin: Actor) -> None:
    other = await create_user(tenant, role=Role.TENANT_ADMIN)
    for call in (password_links.copy_link, password_links.mail_link):
        with pytest.raises(NotAllowedError):
            await call(admin, other.id)
    assert await books.links_of(other.id) == []


async def test_a_platform_admin_makes_one_for_a_tenant_admin_and_another_platform_admin(
    tenant: Tenant, platform: Actor, admin_user: User
) -> None:
    inside = Actor(platform.session_id, platform.user_id, tenant.id)
    assert "/t/acme/" in await password_links.copy_link(inside, admin_user.id)
    other = await create_user(None)
    token = _token(await password_links.copy_link(platform, other.id))
    assert (await reset(None, token, NEW, CALLER)).tenant_slug is None


async def test_of_which_accounts_it_is_offered_follows_the_same_table() -> None:
    assert set(PASSWORD_LINKS) == set(Role)
    offered = {(by, of) for by in Role for of in Role if password_links.may_make(by, of)}
    assert offered == {
        *((Role.PLATFORM_ADMIN, role) for role in Role),
        (Role.TENANT_ADMIN, Role.ADMINISTRATOR),
        (Role.TENANT_ADMIN, Role.SALES_ENGINEER),
    }


async def test_one_s_own_password_is_changed_in_my_account(platform: Actor) -> None:
    with pytest.raises(ConflictError, match="My account"):
        await password_links.copy_link(platform, platform.user_id)


async def test_where_a_password_lets_nobody_in_none_is_made(
    tenant: Tenant, admin: Actor, ada: User
) -> None:
    gone = await create_user(tenant, active=False)
    invited = await create_user(tenant, invited=True)
    for user, why in ((gone, "Activate the account first"), (invited, "Resend the invitation")):
        with pytest.raises(ConflictError, match=why):
            await password_links.copy_link(admin, user.id)
    async with transaction() as tx:
        tx.add(
            SsoConnection(
                tenant_id=tenant.id,
                name="Identity",
                issuer="https://identity.example.com",
                client_id="rollcall",
                sealed_secret=b"",
                required=True,
                created_at=clock.now(),
            )
        )
    with pytest.raises(ConflictError, match="signs in with Identity"):
        await password_links.copy_link(admin, ada.id)


async def test_none_is_made_in_a_closed_tenant_or_for_another_s_user(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor, ada: User
) -> None:
    stranger = await create_user(other_tenant)
    with pytest.raises(NotFoundError):
        await password_links.copy_link(admin, stranger.id)
    await closing.close_tenant(COMMAND_LINE, tenant.id, tenant.name)
    with pytest.raises(TenantClosedError):
        await password_links.copy_link(COMMAND_LINE, ada.id)


async def test_a_deactivation_ends_the_link(tenant: Tenant, admin: Actor, ada: User) -> None:
    token = _token(await password_links.copy_link(admin, ada.id))
    await accounts.set_active(admin, ada.id, active=False)
    with pytest.raises(DeadLinkError):
        await open_reset(tenant.slug, token)
