"""The provider ends sessions here: by a signed logout token, which works once."""

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from models import EndReason, SeenLogoutToken, Tenant, User
from services.core import clock
from services.core.events import Event
from services.database.runtime import Runtime
from services.sessions.events import SessionsEnded
from services.sso import connections, logout, outbound
from services.sso.errors import Refusal, SsoError
from services.sso.provider import ASK_AGAIN
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.racing import race
from tests.services.sso.conftest import arrive, form
from tests.services.sso.provider import Faults, TestProvider
from tests.services.urgency import order_beside

IP = "198.51.100.9"


async def _ended(tenant: Tenant, token: str) -> int:
    return await logout.end_by_provider(tenant.slug, token, IP)


async def _refused(tenant: Tenant, token: str) -> Refusal:
    with pytest.raises(SsoError) as caught:
        await _ended(tenant, token)
    return caught.value.reason


async def test_a_logout_by_sid_ends_that_session_and_no_other(
    rollcall: Runtime, tenant: Tenant, ada: User, provider: TestProvider, events: list[Event]
) -> None:
    provider.sign_in(ada.email)
    first = await arrive(tenant, provider)
    sid = provider.sid
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    events.clear()
    assert await _ended(tenant, provider.logout_token(sid=sid)) == 1
    await rollcall.bus.drain()
    (ended,) = [event for event in events if isinstance(event, SessionsEnded)]
    assert ended.session_ids == (first.signed_in.session_id,)
    assert ended.reason is EndReason.ORGANISATION
    assert len(await books.live_sessions_of(ada.id)) == 1
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.action, entry.actor_name) == ("session.ended_by_provider", "Test Identity")
    assert (entry.subject_id, entry.ip) == (ada.id, IP)


async def test_a_logout_by_subject_ends_all_of_theirs_that_came_from_there(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    bob = await factories.create_user(tenant, email="bob@example.com")
    by_password = await factories.sign_in(ada)
    for email in (bob.email, ada.email, ada.email):
        provider.sign_in(email)
        await arrive(tenant, provider)
    subject = provider.person["sub"]
    assert await _ended(tenant, provider.logout_token(sub=subject)) == 2
    assert [row.id for row in await books.live_sessions_of(ada.id)] == [by_password.session_id]
    assert await books.live_sessions_of(bob.id)


async def test_a_session_that_came_without_sid_is_found_by_its_subject(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    subject = provider.sign_in(ada.email)
    provider.faults = Faults(claims={"sid": None})
    await arrive(tenant, provider)
    assert await _ended(tenant, provider.logout_token(sub=subject, sid="unheard of")) == 1


@ONE_DATABASE
async def test_a_logout_of_nobody_here_is_obeyed_and_ends_nothing(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    assert await _ended(tenant, provider.logout_token(sub="a stranger")) == 0
    assert await books.live_sessions_of(ada.id)


async def test_a_logout_that_overtakes_its_sign_in_ends_it_all_the_same(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await _ended(tenant, provider.logout_token(sid=provider.sid))
    with pytest.raises(SsoError) as caught:
        await arrive(tenant, provider)
    assert caught.value.reason is Refusal.OVER_THERE
    assert await books.live_sessions_of(ada.id) == []
    provider.sign_in(ada.email)
    await arrive(tenant, provider)


async def test_a_logout_token_works_once(tenant: Tenant, ada: User, provider: TestProvider) -> None:
    subject = provider.sign_in(ada.email)
    token = provider.logout_token(sub=subject)
    await _ended(tenant, token)
    await arrive(tenant, provider)
    assert await _refused(tenant, token) is Refusal.REPLAYED
    assert await books.live_sessions_of(ada.id)


async def test_of_two_equal_logout_tokens_at_once_one_is_obeyed(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    for _ in range(5):
        token = provider.logout_token(sub=provider.sign_in(ada.email))
        done, refused = await race(_ended(tenant, token), _ended(tenant, token))
        assert (len(done), len(refused)) == (1, 1)


async def test_what_was_seen_is_forgotten_when_it_would_be_too_old_anyway(
    tenant: Tenant, provider: TestProvider
) -> None:
    old = provider.logout_token(sub="a")
    await _ended(tenant, old)
    clock.shift(timedelta(minutes=10))
    provider.faults = Faults(clock_ahead=600)
    await _ended(tenant, provider.logout_token(sub="b"))
    assert await books.count(SeenLogoutToken) == 1
    assert await _refused(tenant, old) is Refusal.TOKEN_EXPIRED


WRONG: dict[str, tuple[Mapping[str, Any], Refusal, str]] = {
    "another issuer": ({"iss": "https://evil.example.com"}, Refusal.WRONG_ISSUER, "iss"),
    "another audience": ({"aud": "someone-else"}, Refusal.TOKEN_AUDIENCE, "aud"),
    "no issuer": ({"iss": None}, Refusal.WRONG_ISSUER, "iss"),
    "no audience": ({"aud": None}, Refusal.TOKEN_AUDIENCE, "aud"),
    "no jti": ({"jti": None}, Refusal.TOKEN_CLAIM, "jti"),
    "no iat": ({"iat": None}, Refusal.TOKEN_CLAIM, "iat"),
    "no expiry": ({"exp": None}, Refusal.TOKEN_CLAIM, "exp"),
    "an expiry that never comes": ({"exp": 10**20}, Refusal.TOKEN_CLAIM, "exp"),
    "an expiry that has come": ({"exp": 1}, Refusal.TOKEN_EXPIRED, "exp"),
    "no events": ({"events": None}, Refusal.TOKEN_CLAIM, "events"),
    "events that are none": ({"events": ["logout"]}, Refusal.TOKEN_CLAIM, "events"),
    "another event": (
        {"events": {"http://schemas.example.com/login": {}}},
        Refusal.TOKEN_CLAIM,
        "events",
    ),
    "a nonce, as an id token has": ({"nonce": "n"}, Refusal.TOKEN_CLAIM, "nonce"),
    "nobody": ({"sub": None, "sid": None}, Refusal.TOKEN_CLAIM, "sid or sub"),
    "a session's id that is no text": ({"sid": 7}, Refusal.TOKEN_CLAIM, "sid"),
    "a session's id with a NUL": ({"sid": "\0"}, Refusal.TOKEN_CLAIM, "sid"),
    "another kind of token": ({"header": {"typ": "at+jwt"}}, Refusal.TOKEN_CLAIM, "typ"),
    "a jti that is no text": ({"jti": 7}, Refusal.TOKEN_CLAIM, "jti"),
    "a start in the future": ({"iat": 10**10}, Refusal.TOKEN_FROM_THE_FUTURE, "iat"),
}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_logout_token_ends_nothing(
    tenant: Tenant, ada: User, provider: TestProvider, what: str
) -> None:
    subject = provider.sign_in(ada.email)
    await arrive(tenant, provider)
    changed, reason, _ = WRONG[what]
    assert await _refused(tenant, provider.logout_token(**{"sub": subject, **changed})) is reason
    assert await books.live_sessions_of(ada.id)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", WRONG)
async def test_a_refused_logout_token_is_told_which_claim_is_missing_or_wrong(
    tenant: Tenant, provider: TestProvider, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    changed, reason, claim = WRONG[what]
    token = provider.logout_token(**{"sub": "somebody", **changed})
    with caplog.at_level(logging.WARNING, "services.sso.logout"), pytest.raises(SsoError) as caught:
        await _ended(tenant, token)
    assert claim in str(caught.value)
    if what.startswith("no "):
        assert re.search("lacks|must have|must hold", str(caught.value))
    # What an error_description may hold (RFC 6749, section 5.2).
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", str(caught.value))
    (line,) = [r.getMessage() for r in caplog.records if r.name == "services.sso.logout"]
    assert line == f"A logout token for acme was refused: {reason.value}, claim {claim}"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_an_unsigned_or_forged_logout_token_ends_nothing(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    subject = provider.sign_in(ada.email)
    await arrive(tenant, provider)
    forger = RSAKey.generate_key(2048, {"kid": "forged"})
    for fault in (
        Faults(algorithm="none"),
        Faults(algorithm="HS256"),
        Faults(signed_with=forger),
    ):
        provider.faults = fault
        token = provider.logout_token(sub=subject, header={"kid": provider.kid})
        assert await _refused(tenant, token) is Refusal.TOKEN_SIGNATURE
    assert await _refused(tenant, "") is Refusal.TOKEN_MALFORMED
    assert await _refused(tenant, "a.b.c") is Refusal.TOKEN_MALFORMED
    assert await books.live_sessions_of(ada.id)


@pytest.mark.usefixtures("stopped_clock")
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_strangers_cannot_have_the_provider_asked_for_its_keys_all_the_time(
    tenant: Tenant, provider: TestProvider
) -> None:
    await _ended(tenant, provider.logout_token(sub="a"))
    asked = provider.asked.count("/jwks")
    for number in range(5):
        token = provider.logout_token(sub="a", header={"kid": f"made up {number}"})
        assert await _refused(tenant, token) is Refusal.TOKEN_SIGNATURE
    assert provider.asked.count("/jwks") == asked
    provider.kid = "second"
    clock.shift(ASK_AGAIN)
    assert await _ended(tenant, provider.logout_token(sub="a")) == 0


async def test_a_provider_ends_sessions_of_its_own_tenant_alone(
    tenant: Tenant, other_tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    boss = await factories.sign_in(await factories.create_admin(other_tenant))
    await connections.connect(boss, form(provider))
    subject = provider.sign_in(ada.email)
    await arrive(tenant, provider)
    assert await _ended(other_tenant, provider.logout_token(sub=subject)) == 0
    assert await books.live_sessions_of(ada.id)


@ONE_DATABASE
async def test_signing_out_goes_on_to_the_provider(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    arrival = await arrive(tenant, provider)
    url = await logout.provider_sign_out(arrival.signed_in.session_id, tenant.slug)
    assert url is not None
    assert url.startswith(f"{provider.url}/logout?id_token_hint=ey")
    assert "post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080" in url


async def test_signing_out_ends_here_where_the_provider_has_no_page_for_it_or_is_down(
    tenant: Tenant, ada: User, provider: TestProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT", 0.5)
    provider.sign_in(ada.email)
    session_id = (await arrive(tenant, provider)).signed_in.session_id
    provider.faults = Faults(discovery={"end_session_endpoint": None})
    clock.shift(timedelta(minutes=10))
    assert await logout.provider_sign_out(session_id, tenant.slug) is None
    provider.stop()
    clock.shift(timedelta(minutes=20))
    assert await logout.provider_sign_out(session_id, tenant.slug) is None
    by_password = await factories.sign_in(ada)
    assert await logout.provider_sign_out(by_password.session_id, tenant.slug) is None


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)  # where one writes at a time
async def test_a_logout_goes_before_who_waits_already(
    rollcall: Runtime, tenant: Tenant, ada: User, provider: TestProvider, platform_user: User
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    token = provider.logout_token(sid=provider.sid)
    other = await factories.sign_in(platform_user)
    order = await order_beside(rollcall, other, lambda: _ended(tenant, token))
    assert order == ["urgent", "usual"]
