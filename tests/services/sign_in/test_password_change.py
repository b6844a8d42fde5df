"""A new password: from My account, or by a link when the old one was forgotten."""

import time
from datetime import timedelta

import pytest

from models import EndReason, LinkPurpose, MailState, MailTemplate, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import (
    DeadLinkError,
    InvalidInputError,
    SignInFailedError,
    TooManyAttemptsError,
)
from services.core.events import Event
from services.database.runtime import Runtime
from services.sessions import sessions
from services.sessions.events import SessionsEnded
from services.sign_in import password_change
from services.sign_in.password_change import change_password, open_reset, request_reset, reset
from services.sign_in.sign_in import sign_in
from tests import books
from tests.factories import CALLER, PASSWORD, create_user, open_session, token_of
from tests.mail_server import MailServer

EMAIL = "ada@example.com"
NEW = "an entirely different sentence"


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer."""
    return await create_user(tenant, email=EMAIL)


@pytest.fixture
async def reset_token(tenant: Tenant, ada: User) -> str:
    """The token of Ada's reset link."""
    await request_reset(tenant.slug, EMAIL, CALLER)
    return await token_of(ada, LinkPurpose.RESET)


async def test_request_queues_a_mail_with_a_link(
    mail_server: MailServer, tenant: Tenant, ada: User
) -> None:
    await request_reset(tenant.slug, EMAIL.upper(), CALLER)
    (mail,) = await books.mails_of(ada.id)
    (link,) = await books.live_links_of(ada.id)
    assert (mail.template, mail.state, mail.recipient, mail.link_id) == (
        MailTemplate.RESET,
        MailState.WAITING,
        EMAIL,
        link.id,
    )
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.subject_id) == ("password.reset_requested", ada.id)


async def test_request_for_nobody_says_and_takes_the_same(
    mail_server: MailServer, tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    inactive = await create_user(tenant, email="gone@example.com", active=False)
    asked = [
        (tenant.slug, "nobody@example.com"),
        (tenant.slug, inactive.email),
        (other_tenant.slug, EMAIL),
        ("nowhere", EMAIL),
        (None, EMAIL),
        (tenant.slug, "\0"),
    ]
    for slug, email in asked:
        started = time.monotonic()
        await request_reset(slug, email, CALLER)
        assert time.monotonic() - started >= password_change.REQUEST_SECONDS
    for user in (ada, inactive):
        assert await books.links_of(user.id) == []
        assert await books.mails_of(user.id) == []


async def test_link_sets_a_new_password_and_ends_every_other_session(
    rollcall: Runtime, tenant: Tenant, ada: User, reset_token: str, events: list[Event]
) -> None:
    _, old = await open_session(ada)
    result = await reset(tenant.slug, reset_token, NEW, CALLER)
    assert await sessions.find_session_id(old) is None
    assert await sessions.find_session_id(result.token) is not None
    ended, begun = await books.sessions_of(ada.id)
    assert (ended.end_reason, begun.end_reason) == (EndReason.PASSWORD_CHANGED, None)
    await rollcall.bus.drain()
    (cut,) = [event for event in events if isinstance(event, SessionsEnded)]
    assert cut.session_ids == (ended.id,)
    assert (await books.actions_of(tenant))[-2:] == ["password.reset", "session.signed_in"]
    with pytest.raises(SignInFailedError):
        await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)
    assert (await sign_in(tenant.slug, EMAIL, NEW, CALLER)).token


async def test_reset_link_works_once(tenant: Tenant, reset_token: str) -> None:
    await reset(tenant.slug, reset_token, NEW, CALLER)
    for again in (open_reset(tenant.slug, reset_token),):
        with pytest.raises(DeadLinkError, match="Forgot password"):
            await again
    with pytest.raises(DeadLinkError):
        await reset(tenant.slug, reset_token, NEW, CALLER)


async def test_reset_link_lasts_thirty_minutes(tenant: Tenant, reset_token: str) -> None:
    clock.shift(timedelta(minutes=29))
    assert (await open_reset(tenant.slug, reset_token)).email == EMAIL
    clock.shift(timedelta(minutes=31))
    with pytest.raises(DeadLinkError):
        await reset(tenant.slug, reset_token, NEW, CALLER)


async def test_newer_request_replaces_the_link(
    mail_server: MailServer, tenant: Tenant, ada: User
) -> None:
    await request_reset(tenant.slug, EMAIL, CALLER)
    old = await token_of(ada, LinkPurpose.RESET)
    await request_reset(tenant.slug, EMAIL, CALLER)
    with pytest.raises(DeadLinkError):
        await open_reset(tenant.slug, old)
    assert [mail.state for mail in await books.mails_of(ada.id)] == [
        MailState.CANCELLED,
        MailState.WAITING,
    ]


async def test_reset_link_opens_nothing_at_another_tenant(
    tenant: Tenant, other_tenant: Tenant, reset_token: str
) -> None:
    for slug in (other_tenant.slug, None, "nowhere"):
        with pytest.raises(DeadLinkError):
            await reset(slug, reset_token, NEW, CALLER)
    assert (await open_reset(tenant.slug, reset_token)).tenant_name == "Acme"


@pytest.mark.parametrize("password", ["short", "Lovelace Lovelace!", "password password"])
async def test_unfit_password_uses_no_reset_link_up(
    tenant: Tenant, reset_token: str, password: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await reset(tenant.slug, reset_token, password, CALLER)
    assert set(caught.value.fields) == {"password"}
    assert (await open_reset(tenant.slug, reset_token)).email == EMAIL


async def test_platform_admin_resets_above_the_tenants(platform_user: User) -> None:
    await request_reset(None, platform_user.email, CALLER)
    token = await token_of(platform_user, LinkPurpose.RESET)
    assert (await reset(None, token, NEW, CALLER)).tenant_slug is None


async def test_change_asks_for_the_current_password_and_a_wrong_one_is_in_the_log(
    tenant: Tenant, admin: Actor
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await change_password(admin, "not it", NEW)
    assert caught.value.fields == {"current": "This isn't your current password."}
    assert await books.actions_of(tenant) == ["session.confirmation_failed"]


async def test_change_keeps_this_session_and_ends_the_others(
    tenant: Tenant, ada: User, reset_token: str
) -> None:
    here, _ = await open_session(ada)
    await open_session(ada)
    assert await change_password(here, PASSWORD, NEW) == 1
    (left,) = await books.live_sessions_of(ada.id)
    assert left.id == here.session_id
    assert (await books.actions_of(tenant))[-1] == "password.changed"
    with pytest.raises(DeadLinkError):  # whoever asked for it
        await open_reset(tenant.slug, reset_token)
    assert (await sign_in(tenant.slug, EMAIL, NEW, CALLER)).token


async def test_change_to_an_unfit_password_changes_nothing(tenant: Tenant, ada: User) -> None:
    here, _ = await open_session(ada)
    with pytest.raises(InvalidInputError) as caught:
        await change_password(here, PASSWORD, "ada@example.com!!")
    assert set(caught.value.fields) == {"new"}
    assert (await sign_in(tenant.slug, EMAIL, PASSWORD, CALLER)).token


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_the_current_password_is_slowed_down(ada: User) -> None:
    here, _ = await open_session(ada)
    with pytest.raises(TooManyAttemptsError):  # noqa: PT012 - some of them are free
        for number in range(10):
            with pytest.raises(InvalidInputError):
                await change_password(here, f"guess {number}", NEW)
