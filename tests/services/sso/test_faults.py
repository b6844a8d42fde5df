"""Whatever goes wrong between Rollcall and a provider ends without a session, with a reason in the
audit log and a sentence that helps. (Nothing here depends on the database: one kind is enough.)"""

import re
from collections.abc import Awaitable, Callable

import pytest
from joserfc.jwk import RSAKey

from models import LoginSession, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import InvalidInputError, TooManyAttemptsError
from services.database.runtime import Runtime
from services.sign_in import throttle
from services.sso import connections, flow, outbound
from services.sso.attempts import Purpose
from services.sso.errors import Refusal, SsoError
from services.sso.provider import KEEP
from tests import books, factories
from tests.services.sso.conftest import arrive, form
from tests.services.sso.provider import LIFETIME, Faults, TestProvider, key

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

Break = Callable[[TestProvider], Faults]
EXPIRED_AGO = 100

FAULTS: dict[str, tuple[Break, Refusal, str]] = {
    "another issuer's token": (
        lambda p: Faults(claims={"iss": "https://evil.example.com"}),
        Refusal.WRONG_ISSUER,
        "another issuer",
    ),
    "a token for another application": (
        lambda p: Faults(claims={"aud": "someone-else"}),
        Refusal.TOKEN_AUDIENCE,
        "client ID",
    ),
    "a token for several, asked for by another": (
        lambda p: Faults(claims={"aud": ["rollcall", "evil"], "azp": "evil"}),
        Refusal.TOKEN_AUDIENCE,
        "another application",
    ),
    "another sign-in's nonce": (
        lambda p: Faults(claims={"nonce": "another"}),
        Refusal.TOKEN_NONCE,
        "Start again",
    ),
    "no nonce": (lambda p: Faults(claims={"nonce": None}), Refusal.TOKEN_NONCE, "Start again"),
    "no subject": (lambda p: Faults(claims={"sub": None}), Refusal.TOKEN_CLAIM, "sub"),
    "an empty subject": (lambda p: Faults(claims={"sub": ""}), Refusal.TOKEN_CLAIM, "nobody"),
    "no expiry": (lambda p: Faults(claims={"exp": None}), Refusal.TOKEN_CLAIM, "exp"),
    "a token that expired 100 seconds ago": (
        lambda p: Faults(clock_ahead=-LIFETIME - EXPIRED_AGO),
        Refusal.TOKEN_EXPIRED,
        "clocks of both servers",
    ),
    "a clock that is 60 seconds ahead": (
        lambda p: Faults(clock_ahead=60),
        Refusal.TOKEN_FROM_THE_FUTURE,
        r"clock is \d\d seconds ahead",
    ),
    "an unsigned token": (lambda p: Faults(algorithm="none"), Refusal.TOKEN_SIGNATURE, "RS256"),
    "a token signed with the public key as a shared secret": (
        lambda p: Faults(algorithm="HS256"),
        Refusal.TOKEN_SIGNATURE,
        "RS256",
    ),
    "a token signed by somebody else under the provider's key's name": (
        lambda p: Faults(signed_with=RSAKey.generate_key(2048, {"kid": "first"})),
        Refusal.TOKEN_SIGNATURE,
        "published keys",
    ),
    "a token that is none": (
        lambda p: Faults(tokens={"id_token": "not.a.token"}),
        Refusal.TOKEN_MALFORMED,
        "can't be read",
    ),
    "no id token": (lambda p: Faults(tokens={"id_token": None}), Refusal.TOKEN_MISSING, "OpenID"),
    "another person's user information": (
        lambda p: Faults(claims={"sub": "someone else", "email": None}),
        Refusal.TOKEN_CLAIM,
        "describes someone else",
    ),
    "html instead of tokens": (
        lambda p: Faults(html_at=frozenset({"/token"})),
        Refusal.PROVIDER_ANSWER,
        "isn't JSON",
    ),
    "html instead of keys": (
        lambda p: Faults(html_at=frozenset({"/jwks"})),
        Refusal.PROVIDER_ANSWER,
        "isn't JSON",
    ),
    "a megabyte instead of tokens": (
        lambda p: Faults(huge_at=frozenset({"/token"})),
        Refusal.PROVIDER_ANSWER,
        "256 KiB",
    ),
    "a redirect instead of tokens": (
        lambda p: Faults(redirect_at=frozenset({"/token"})),
        Refusal.PROVIDER_ANSWER,
        "status 307",
    ),
    "a provider that is slow": (
        lambda p: Faults(slow_at=frozenset({"/token"})),
        Refusal.PROVIDER_SLOW,
        "didn't answer",
    ),
}


async def _refused(tenant: Tenant, going_in: Awaitable[object]) -> SsoError:
    sessions = await books.count(LoginSession)
    with pytest.raises(SsoError) as caught:
        await going_in
    assert await books.count(LoginSession) == sessions
    entry = (await books.audit_of(tenant))[-1]
    assert entry.action == "session.sso_refused"
    assert entry.details["reason"] == caught.value.reason.value
    return caught.value


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_wrong_answer_begins_no_session(
    tenant: Tenant,
    ada: User,
    provider: TestProvider,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    break_it, reason, sentence = FAULTS[fault]
    provider.sign_in(ada.email)
    provider.faults = break_it(provider)
    if provider.faults.slow_at:
        monkeypatch.setattr(outbound, "TIMEOUT", 0.5)
    error = await _refused(tenant, arrive(tenant, provider))
    assert error.reason is reason
    assert re.search(sentence, str(error))


async def test_a_clock_that_is_20_seconds_off_is_forgiven(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    for seconds in (20, -20, -60):  # if the clock is behind, a token only seems a little older
        provider.sign_in(ada.email)
        provider.faults = Faults(clock_ahead=seconds)
        await arrive(tenant, provider)
    assert len(await books.live_sessions_of(ada.id)) == 3


async def test_a_rotated_key_is_found_without_a_restart(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    provider.kid = "second"
    await arrive(tenant, provider)
    assert len(await books.live_sessions_of(ada.id)) == 2
    assert provider.asked.count("/jwks") == 2


async def test_a_key_that_was_withdrawn_counts_no_more(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    provider.kid = "second"
    await arrive(tenant, provider)
    provider.faults = Faults(signed_with=key("first"))
    assert (await _refused(tenant, arrive(tenant, provider))).reason is Refusal.TOKEN_SIGNATURE


async def test_a_description_that_names_another_issuer_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.faults = Faults(discovery={"issuer": "https://evil.example.com"})
    clock.shift(KEEP)
    error = await _refused(tenant, _leave(tenant))
    assert error.reason is Refusal.WRONG_ISSUER
    assert "“https://evil.example.com”" in str(error)


async def test_a_provider_that_is_down_is_told_as_that(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    clock.shift(KEEP)
    provider.stop()
    error = await _refused(tenant, _leave(tenant))
    assert error.reason is Refusal.PROVIDER_UNREACHABLE
    assert "can't be reached: nothing answers there." in str(error)


async def test_a_providers_refusal_is_told_in_its_own_words(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.denied = ("access_denied", "Ada\nmay not\x00 use <Rollcall>")
    error = await _refused(tenant, arrive(tenant, provider))
    assert error.reason is Refusal.PROVIDER_REFUSED
    assert "“access_denied: Ada may not use <Rollcall>”" in str(error)


async def test_a_wrong_client_secret_is_told_in_the_providers_words(
    tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, client_secret="wrong"))
    provider.sign_in(ada.email)
    error = await _refused(tenant, arrive(tenant, provider))
    assert "“Invalid client or Invalid client credentials”" in str(error)
    assert "client secret" in str(error)


async def test_an_answer_to_no_sign_in_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await _leave(tenant)
    answer = await provider.visit(departure.url)
    for sealed in (None, "", "x", departure.sealed[:-4], departure.sealed.swapcase(), "é"):
        error = await _refused(tenant, _back(tenant, sealed, answer))
        assert error.reason is Refusal.NO_STATE


async def test_an_answer_to_another_sign_in_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    mine, attackers = await _leave(tenant), await _leave(tenant)
    answer = await provider.visit(attackers.url)
    assert (
        await _refused(tenant, _back(tenant, mine.sealed, answer))
    ).reason is Refusal.FORGED_STATE
    for state in ("", "é", answer["state"][:-1]):
        forged = {**answer, "state": state}
        error = await _refused(tenant, _back(tenant, attackers.sealed, forged))
        assert error.reason is Refusal.FORGED_STATE
    stateless = {name: value for name, value in answer.items() if name != "state"}
    error = await _refused(tenant, _back(tenant, attackers.sealed, stateless))
    assert error.reason is Refusal.FORGED_STATE


async def test_an_answer_from_another_issuer_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await _leave(tenant)
    answer = {**await provider.visit(departure.url), "iss": "https://evil.example.com"}
    error = await _refused(tenant, _back(tenant, departure.sealed, answer))
    assert error.reason is Refusal.WRONG_ISSUER


async def test_a_replayed_answer_begins_no_second_session(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await _leave(tenant)
    answer = await provider.visit(departure.url)
    await _back(tenant, departure.sealed, answer)
    error = await _refused(tenant, _back(tenant, departure.sealed, answer))
    assert error.reason is Refusal.PROVIDER_REFUSED
    assert len(await books.live_sessions_of(ada.id)) == 1


async def test_a_stolen_code_is_worth_nothing_in_another_browser(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    victim, attacker = await _leave(tenant), await _leave(tenant)
    stolen = (await provider.visit(victim.url))["code"]
    answer = {**await provider.visit(attacker.url), "code": stolen}
    error = await _refused(tenant, _back(tenant, attacker.sealed, answer))
    assert error.reason is Refusal.PROVIDER_REFUSED  # by PKCE


async def test_an_answer_is_good_in_its_own_tenant_alone(
    tenant: Tenant, other_tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    boss = await factories.sign_in(await factories.create_admin(other_tenant))
    await connections.connect(boss, form(provider))
    provider.sign_in(ada.email)
    departure = await _leave(tenant)
    answer = await provider.visit(departure.url)
    error = await _refused(other_tenant, _back(other_tenant, departure.sealed, answer))
    assert error.reason is Refusal.FORGED_STATE


async def test_a_connection_that_changes_meanwhile_stops_what_is_under_way(
    tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await _leave(tenant)
    answer = await provider.visit(departure.url)
    await connections.connect(admin, form(provider, client_id="another"))
    error = await _refused(tenant, _back(tenant, departure.sealed, answer))
    assert error.reason is Refusal.CONNECTION_CHANGED


async def test_a_tests_answer_begins_no_session(
    tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await flow.leave(tenant.slug, Purpose.TEST, factories.CALLER)
    answer = await provider.visit(departure.url)
    error = await _refused(tenant, _back(tenant, departure.sealed, answer))
    assert error.reason is Refusal.FORGED_STATE


@pytest.mark.usefixtures("stopped_clock")
async def test_who_fails_too_often_has_to_wait(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    for _ in range(throttle.FREE_FAILURES["ip"] + 1):
        with pytest.raises(SsoError):
            await _back(tenant, None, {})
    with pytest.raises(TooManyAttemptsError):
        await _back(tenant, None, {})


@pytest.mark.parametrize(
    "address",
    [
        "http://identity.example.com",
        "http://192.0.2.1",
        "ftp://identity.example.com",
        "file:///etc/passwd",
        "https://",
        "https://user:password@identity.example.com",
        "https://[",
        "javascript:alert(1)",
        "identity.example.com",
    ],
)
async def test_urls_that_rollcall_must_not_ask_are_refused(
    rollcall: Runtime, admin: Actor, unconnected: TestProvider, address: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await connections.connect(admin, form(unconnected, discovery=address))
    assert list(caught.value.fields) == ["discovery"]


async def test_plain_http_is_refused_where_rollcall_itself_is_on_https(
    rollcall: Runtime, admin: Actor, unconnected: TestProvider
) -> None:
    rollcall.settings.public_url = "https://rollcall.example.com"
    with pytest.raises(InvalidInputError, match="https://"):
        await connections.connect(admin, form(unconnected))
    assert unconnected.asked == []


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
async def test_a_description_cannot_send_rollcall_elsewhere(
    rollcall: Runtime, admin: Actor, unconnected: TestProvider, name: str
) -> None:
    unconnected.faults = Faults(discovery={name: "http://192.0.2.1/internal"})
    with pytest.raises(InvalidInputError, match=r"192\.0\.2\.1"):
        await connections.connect(admin, form(unconnected))


@pytest.mark.parametrize(
    "fault",
    [
        Faults(html_at=frozenset({"/.well-known/openid-configuration"})),
        Faults(redirect_at=frozenset({"/.well-known/openid-configuration"})),
        Faults(huge_at=frozenset({"/.well-known/openid-configuration"})),
        Faults(discovery={"token_endpoint": None}),
        Faults(discovery={"issuer": None}),
    ],
)
async def test_what_is_no_provider_is_not_connected(
    tenant: Tenant, admin: Actor, unconnected: TestProvider, fault: Faults
) -> None:
    unconnected.faults = fault
    with pytest.raises(InvalidInputError) as caught:
        await connections.connect(admin, form(unconnected))
    assert list(caught.value.fields) == ["discovery"]
    assert await books.connection_of(tenant) is None


def _leave(tenant: Tenant) -> Awaitable[flow.Departure]:
    return flow.leave(tenant.slug, Purpose.SIGN_IN, factories.CALLER)


def _back(tenant: Tenant, sealed: str | None, answer: dict[str, str]) -> Awaitable[flow.Arrival]:
    return flow.arrive(tenant.slug, sealed, answer, factories.CALLER)


@pytest.mark.usefixtures("others_write")
async def test_connecting_again_as_it_is_changes_and_logs_nothing(
    rollcall: Runtime, tenant: Tenant, provider: TestProvider, admin: Actor
) -> None:
    before, begun = await books.actions_of(tenant), rollcall.database.queue.begun
    await connections.connect(admin, form(provider, client_secret=""))
    assert await books.actions_of(tenant) == before
    assert rollcall.database.queue.begun == begun
    await connections.connect(admin, form(provider, client_secret="", name="Renamed"))
    assert len(await books.actions_of(tenant)) == len(before) + 1
