"""An invitation's link: used once, renewed, copied, and dead in every other way."""

from datetime import timedelta

import pytest

from models import LinkPurpose, MailState, Tenant, User
from services.access import one_time_links
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, DeadLinkError, InvalidInputError
from services.core.events import Event
from services.database.runtime import Runtime
from services.mail.events import MailProgressed
from services.sessions import sessions
from services.sessions.events import UserSignedIn
from services.sign_in import password_change, sign_in
from services.users import accounts, invitations
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER, PASSWORD, create_user, token_of
from tests.mail_server import MailServer


@pytest.fixture
async def invited(tenant: Tenant) -> User:
    """Ada, who hasn't signed in yet."""
    return await create_user(tenant, invited=True, email="ada@example.com")


async def assert_dead(tenant: Tenant, token: str) -> str:
    """The link opens nothing and does nothing; returns what its page says."""
    with pytest.raises(DeadLinkError) as caught:
        await invitations.open_invitation(tenant.slug, token)
    with pytest.raises(DeadLinkError):
        await invitations.accept(tenant.slug, token, PASSWORD, CALLER)
    return str(caught.value)


@ONE_DATABASE
async def test_opening_the_page_shows_whose_it_is_and_uses_nothing_up(
    tenant: Tenant, invited: User
) -> None:
    token = await token_of(invited)
    for _ in range(2):
        await invitations.open_invitation(tenant.slug, token)
    welcome = await invitations.open_invitation(tenant.slug, token)
    assert (welcome.email, welcome.tenant_name) == ("ada@example.com", "Acme")
    assert len(await books.live_links_of(invited.id)) == 1


@ONE_DATABASE
async def test_choosing_a_password_signs_in_on_the_spot(
    rollcall: Runtime, tenant: Tenant, invited: User, events: list[Event]
) -> None:
    result = await invitations.accept(tenant.slug, await token_of(invited), PASSWORD, CALLER)
    visit = await sessions.recognise(result.token, tenant.slug, CALLER)
    assert visit.user_id == invited.id
    assert result.tenant_slug == tenant.slug
    assert not (await books.user_of(invited.id)).invited
    assert await books.actions_of(tenant) == ["invitation.accepted", "session.signed_in"]
    await rollcall.bus.drain()
    assert UserSignedIn(tenant_id=tenant.id, user_id=invited.id, first=True) in events


@ONE_DATABASE
async def test_chosen_password_signs_in_later(tenant: Tenant, invited: User) -> None:
    await invitations.accept(tenant.slug, await token_of(invited), PASSWORD, CALLER)
    assert (await sign_in.sign_in(tenant.slug, invited.email, PASSWORD, CALLER)).token


async def test_link_works_once(tenant: Tenant, invited: User) -> None:
    token = await token_of(invited)
    await invitations.accept(tenant.slug, token, PASSWORD, CALLER)
    assert "sign in" in await assert_dead(tenant, token)


@ONE_DATABASE
async def test_unfit_password_uses_nothing_up(tenant: Tenant, invited: User) -> None:
    token = await token_of(invited)
    with pytest.raises(InvalidInputError) as caught:
        await invitations.accept(tenant.slug, token, "too short", CALLER)
    assert set(caught.value.fields) == {"password"}
    await invitations.open_invitation(tenant.slug, token)


@ONE_DATABASE
async def test_link_lasts_seven_days(tenant: Tenant, invited: User) -> None:
    token = await token_of(invited)
    clock.shift(timedelta(days=7, seconds=-10))
    await invitations.open_invitation(tenant.slug, token)
    clock.shift(timedelta(days=7))
    said = await assert_dead(tenant, token)
    assert "ask the person who invited you to resend" in said


async def test_deactivation_kills_the_link(tenant: Tenant, admin: Actor, invited: User) -> None:
    token = await token_of(invited)
    await accounts.set_active(admin, invited.id, active=False)
    await assert_dead(tenant, token)
    await accounts.set_active(admin, invited.id, active=True)
    await assert_dead(tenant, token)


@pytest.mark.parametrize("length", [0, 1, 20, 42])
async def test_link_cut_short_opens_nothing(tenant: Tenant, invited: User, length: int) -> None:
    token = await token_of(invited)
    await assert_dead(tenant, token[:length])


@pytest.mark.parametrize("token", ["", "x" * 10_000, "\0", "\ud800", "é", "../../etc", "' OR 1=1"])
async def test_link_that_was_never_made_opens_nothing(
    tenant: Tenant, invited: User, token: str
) -> None:
    await assert_dead(tenant, token)


async def test_changed_link_opens_nothing(tenant: Tenant, invited: User) -> None:
    token = await token_of(invited)
    for place in (0, 21, 42):
        # Two places of the alphabet away: the last character carries four bits only.
        other = "A" if token[place] not in "ABCD" else "Q"
        await assert_dead(tenant, token[:place] + other + token[place + 1 :])


@ONE_DATABASE
async def test_link_of_another_tenant_opens_nothing(
    tenant: Tenant, other_tenant: Tenant, invited: User
) -> None:
    token = await token_of(invited)
    said = await assert_dead(other_tenant, token)
    assert said == await assert_dead(other_tenant, "never made")
    with pytest.raises(DeadLinkError):
        await invitations.open_invitation(None, token)
    await invitations.open_invitation(tenant.slug, token)


@ONE_DATABASE
async def test_link_of_another_purpose_opens_nothing(
    tenant: Tenant, admin: Actor, invited: User
) -> None:
    token = await token_of(invited)
    with pytest.raises(DeadLinkError):
        await password_change.open_reset(tenant.slug, token)
    with pytest.raises(DeadLinkError):
        await password_change.reset(tenant.slug, token, PASSWORD, CALLER)
    await password_change.request_reset(tenant.slug, invited.email, CALLER)
    await assert_dead(tenant, await token_of(invited, LinkPurpose.RESET))


@ONE_DATABASE
async def test_resending_renews_the_link_and_the_mail(
    rollcall: Runtime,
    mail_server: MailServer,
    tenant: Tenant,
    admin: Actor,
    invited: User,
    events: list[Event],
) -> None:
    first = await invitations.resend(admin, invited.id)
    old = await token_of(invited)
    second = await invitations.resend(admin, invited.id)
    new = await token_of(invited)
    assert first.by_mail
    assert second.by_mail
    assert [mail.state for mail in await books.mails_of(invited.id)] == [
        MailState.CANCELLED,
        MailState.WAITING,
    ]
    await assert_dead(tenant, old)
    await invitations.open_invitation(tenant.slug, new)
    assert await books.actions_of(tenant) == ["invitation.resent"] * 2
    assert (await books.user_of(invited.id)).version > invited.version
    await rollcall.bus.drain()
    assert MailProgressed(tenant_id=tenant.id, user_id=invited.id) in events


@ONE_DATABASE
async def test_resending_after_the_link_has_expired_gives_seven_more_days(
    tenant: Tenant, admin: Actor, admin_user: User, invited: User
) -> None:
    clock.shift(timedelta(days=8))
    admin = await factories.sign_in(admin_user)
    await invitations.resend(admin, invited.id)
    clock.shift(timedelta(days=14, hours=23))
    await invitations.open_invitation(tenant.slug, await token_of(invited))


@ONE_DATABASE
async def test_nothing_is_resent_or_copied_for_who_has_signed_in(
    tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    for call in (invitations.resend, invitations.copy_link):
        with pytest.raises(ConflictError, match="has signed in already"):
            await call(admin, user.id)
    assert await books.links_of(user.id) == []


@ONE_DATABASE
async def test_nothing_is_resent_or_copied_for_an_inactive_user(
    tenant: Tenant, admin: Actor, invited: User
) -> None:
    await accounts.set_active(admin, invited.id, active=False)
    for call in (invitations.resend, invitations.copy_link):
        with pytest.raises(ConflictError, match="is inactive"):
            await call(admin, invited.id)
    assert await books.live_links_of(invited.id) == []


@ONE_DATABASE
async def test_copied_link_is_the_one_that_was_mailed(
    rollcall: Runtime, tenant: Tenant, admin: Actor, invited: User
) -> None:
    url = await invitations.copy_link(admin, invited.id)
    assert url == f"{rollcall.settings.public_url}/t/acme/invitation/{await token_of(invited)}"
    assert await invitations.copy_link(admin, invited.id) == url
    assert len(await books.links_of(invited.id)) == 1
    assert await books.actions_of(tenant) == ["invitation.link_copied"] * 2


@ONE_DATABASE
async def test_copying_renews_a_link_that_is_dead(
    tenant: Tenant, admin: Actor, invited: User
) -> None:
    await accounts.set_active(admin, invited.id, active=False)
    await accounts.set_active(admin, invited.id, active=True)
    url = await invitations.copy_link(admin, invited.id)
    await invitations.open_invitation(tenant.slug, url.rpartition("/")[2])


async def test_reset_by_someone_invited_kills_the_invitation(tenant: Tenant, invited: User) -> None:
    token = await token_of(invited)
    await password_change.request_reset(tenant.slug, invited.email, CALLER)
    reset = await token_of(invited, LinkPurpose.RESET)
    await password_change.reset(tenant.slug, reset, PASSWORD, CALLER)
    await assert_dead(tenant, token)


async def test_tokens_of_two_links_have_nothing_in_common(tenant: Tenant) -> None:
    tokens = [await token_of(await create_user(tenant, invited=True)) for _ in range(20)]
    assert len({token[:8] for token in tokens}) == 20
    assert {len(token) for token in tokens} == {43}  # 256 bits
    assert one_time_links.LIFETIMES[LinkPurpose.INVITATION] == timedelta(days=7)
