"""Single sign-on through the plain pages: what a browser is sent, and keeps."""

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import httpx
import pytest
from fastapi import FastAPI

from models import EndReason, Tenant, User
from services.access.actor import Actor
from services.core.errors import SessionEndedError
from services.database.runtime import Runtime
from services.sessions import sessions
from services.sso import connections, flow
from services.sso.attempts import Purpose, too_many
from services.users import accounts
from tests import books, factories
from tests.services.sso.conftest import DOMAIN, form
from tests.services.sso.provider import CLIENT_SECRET, Faults, TestProvider
from ui import public
from ui.headers import harden

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
HOME = "http://localhost:8080"
PAGES = ("roles", "account")
FROM_LINK = {"Sec-Fetch-Site": "cross-site"}
FORGOTTEN = re.compile(r'rollcall-sso-8080\.[0-9a-f]{16}="";')


@pytest.fixture
async def http(rollcall: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts, at an application of the plain pages alone."""
    app = FastAPI()
    public.register(app)
    harden(app, public_url=HOME, render=public.render_error)
    transport = httpx.ASGITransport(app, client=(factories.IP, 1))
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        yield client


async def _come_back(
    http: httpx.AsyncClient, provider: TestProvider, start: str = "start"
) -> httpx.Response:
    leaving = await http.get(f"/t/acme/sso/{start}")
    assert leaving.status_code == 303
    answer = await provider.visit(leaving.headers["location"])
    return await http.get("/t/acme/sso/callback", params=answer, headers=FROM_LINK)


async def test_the_button_leads_to_the_provider_and_back_into_a_session(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    page = await http.get("/t/acme/login?next=/t/acme/roles")
    assert "Sign in with Test Identity" in page.text
    assert 'href="/t/acme/sso/start?next=/t/acme/roles"' in page.text
    provider.sign_in(ada.email)
    back = await _come_back(http, provider, "start?next=/t/acme/roles")
    assert back.headers["location"] == "/t/acme/roles"
    token = http.cookies["rollcall-8080"]
    visit = await sessions.recognise(token, "acme", factories.CALLER)
    assert visit.user_id == ada.id


async def test_what_the_browser_keeps_meanwhile_is_sealed_short_lived_and_for_these_paths(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    leaving = await http.get("/t/acme/sso/start")
    (cookie,) = SimpleCookie(leaving.headers["set-cookie"]).values()
    assert (cookie["path"], cookie["max-age"]) == ("/t/acme/sso", "600")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "lax")
    assert "nonce" not in cookie.value
    answer = await provider.visit(leaving.headers["location"])
    back = await http.get("/t/acme/sso/callback", params=answer, headers=FROM_LINK)
    assert any(FORGOTTEN.match(kept) for kept in back.headers.get_list("set-cookie"))


async def test_two_that_were_begun_in_one_browser_both_come_back(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    leaving = [await http.get(f"/t/acme/sso/start?next=/t/acme/{page}") for page in PAGES]
    answers = [await provider.visit(one.headers["location"]) for one in leaving]
    for page, answer in zip(PAGES, answers, strict=True):
        back = await http.get("/t/acme/sso/callback", params=answer, headers=FROM_LINK)
        assert back.headers["location"] == f"/t/acme/{page}"
        token = http.cookies["rollcall-8080"]
        assert (await sessions.recognise(token, "acme", factories.CALLER)).user_id == ada.id
    assert "session.sso_refused" not in await books.actions_of(tenant)
    assert not [name for name in http.cookies if "sso" in name]


async def test_an_answer_counts_for_the_attempt_that_it_belongs_to_alone(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    leaving = [await http.get("/t/acme/sso/start") for _ in range(2)]
    answers = [await provider.visit(one.headers["location"]) for one in leaving]
    crossed = {**answers[0], "state": answers[1]["state"]}
    back = await http.get("/t/acme/sso/callback", params=crossed, headers=FROM_LINK)
    assert back.status_code == 400
    assert "rollcall-8080" not in http.cookies


async def test_a_browser_keeps_no_more_attempts_than_its_header_has_room_for(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    long = f"start?next=/t/acme/{'x' * 900}"
    leaving = [await http.get(f"/t/acme/sso/{long}") for _ in range(30)]
    sent = leaving[-1].request.headers["cookie"]
    assert 2000 < len(sent) < 8000
    # The newest two still come back.
    for one in leaving[-2:]:
        answer = await provider.visit(one.headers["location"])
        back = await http.get("/t/acme/sso/callback", params=answer, headers=FROM_LINK)
        assert back.status_code == 303


async def test_what_is_no_attempt_is_forgotten_first(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    begun = await flow.leave("acme", Purpose.SIGN_IN, factories.CALLER)
    kept = {begun.key: begun.sealed, "x": "x", "é": "é", "": ""}
    assert set(too_many(kept)) == set(kept) - {begun.key}


async def test_next_leads_nowhere_else(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    back = await _come_back(http, provider, "start?next=https://evil.example.com/t/acme/")
    assert back.headers["location"] == "/t/acme/home"


async def test_a_refusal_ends_on_the_sign_in_page_with_a_sentence(
    http: httpx.AsyncClient, tenant: Tenant, provider: TestProvider
) -> None:
    provider.sign_in("stranger@example.com")
    back = await _come_back(http, provider)
    assert back.status_code == 400
    assert "There is no account for stranger@example.com here" in back.text
    assert "Sign in with Test Identity" in back.text
    assert "rollcall-8080" not in http.cookies


async def test_a_providers_words_are_text_and_never_markup(
    http: httpx.AsyncClient, tenant: Tenant, provider: TestProvider
) -> None:
    provider.denied = ("x", "<script>alert(1)</script>")
    back = await _come_back(http, provider)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in back.text
    assert "<script>alert" not in back.text


async def test_the_callback_without_a_beginning_says_to_start_again(
    http: httpx.AsyncClient, tenant: Tenant, provider: TestProvider
) -> None:
    back = await http.get("/t/acme/sso/callback?code=x&state=y", headers=FROM_LINK)
    assert back.status_code == 400
    assert "Start again" in back.text


@pytest.mark.parametrize("path", ["start", "callback", "test", "invitation/x"])
async def test_there_is_nothing_where_nothing_is_connected(
    http: httpx.AsyncClient, tenant: Tenant, path: str
) -> None:
    answer = await http.get(f"/t/acme/sso/{path}")
    assert answer.status_code in {303, 404, 410}
    assert answer.headers.get("location", "/t/acme/login").startswith("/t/acme/login")


async def test_an_invitations_page_offers_it_and_it_is_accepted(
    http: httpx.AsyncClient, tenant: Tenant, provider: TestProvider
) -> None:
    invited = await factories.create_user(tenant, email="ivy@example.com", invited=True)
    token = await factories.token_of(invited)
    page = await http.get(f"/t/acme/invitation/{token}")
    assert f'href="/t/acme/sso/invitation/{token}"' in page.text
    provider.sign_in(invited.email)
    back = await _come_back(http, provider, f"invitation/{token}")
    assert back.headers["location"] == "/t/acme/welcome"
    assert not (await books.user_of(invited.id)).invited


async def _test_it(
    http: httpx.AsyncClient, provider: TestProvider, admin_user: User
) -> httpx.Response:
    _, token = await factories.open_session(admin_user)
    http.cookies.set("rollcall-8080", token)
    return await _come_back(http, provider, "test")


async def test_a_test_shows_the_claims_and_what_they_would_do(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, admin_user: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email, groups=["sales", "<b>"], nickname="Ada\u202enimda")
    report = await _test_it(http, provider, admin_user)
    assert report.status_code == 200
    assert "Ada Lovelace would be let in, and linked from then on." in report.text
    assert "[&#34;sales&#34;, &#34;&lt;b&gt;&#34;]" in report.text
    assert "Ada[U+202E]nimda" in report.text  # and turns nothing around
    assert await books.live_sessions_of(ada.id) == []
    assert await books.identities_of(ada.id) == []
    connection = await books.connection_of(tenant)
    assert connection is not None
    assert connection.tested_at is not None


async def test_a_test_tells_what_to_check(
    http: httpx.AsyncClient, tenant: Tenant, admin_user: User, provider: TestProvider
) -> None:
    provider.sign_in("ada@example.com")
    provider.faults = Faults(claims={"aud": "another"})
    report = await _test_it(http, provider, admin_user)
    assert report.status_code == 400
    assert "Check the client ID in Settings" in report.text
    connection = await books.connection_of(tenant)
    assert connection is not None
    assert connection.tested_at is None


async def test_a_test_is_for_who_manages_sign_in(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    assert (await http.get("/t/acme/sso/test")).headers["location"].startswith("/t/acme/login")
    _, token = await factories.open_session(ada)
    http.cookies.set("rollcall-8080", token)
    assert (await http.get("/t/acme/sso/test")).status_code == 403


async def test_the_providers_server_may_post_a_logout_and_it_signs_out(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    subject = provider.sign_in(ada.email)
    await _come_back(http, provider)
    http.cookies.delete("rollcall-device-8080")
    logout = {"logout_token": provider.logout_token(sub=subject)}
    answer = await http.post("/t/acme/sso/backchannel-logout", data=logout)
    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["cache-control"] == "no-store"
    assert await books.live_sessions_of(ada.id) == []
    with pytest.raises(SessionEndedError) as caught:
        await sessions.recognise(http.cookies["rollcall-8080"], "acme", factories.CALLER)
    assert caught.value.reason is EndReason.ORGANISATION
    page = await http.get("/t/acme/login?why=organisation")
    assert "Your organisation signed you out." in page.text


async def test_a_wrong_logout_is_refused_as_the_standard_says(
    http: httpx.AsyncClient, tenant: Tenant, provider: TestProvider
) -> None:
    answer = await http.post("/t/acme/sso/backchannel-logout", data={"logout_token": "x"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "path",
    [
        "/t/acme/login",
        "/t/acme/sso/backchannel-logout/",
        "/t/acme/sso/backchannel-logout/x",
        "/t/acme/x/sso/backchannel-logout",
        "/x/t/acme/sso/backchannel-logout",
    ],
)
async def test_no_other_address_takes_what_another_site_sends(
    http: httpx.AsyncClient, tenant: Tenant, provider: TestProvider, path: str
) -> None:
    assert (await http.post(path, data={"logout_token": "x"})).status_code == 403


async def test_signing_out_leads_on_to_the_provider(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await _come_back(http, provider)
    page = await http.post("/t/acme/logout", headers={"Origin": HOME})
    assert f'content="0; url={provider.url}/logout?id_token_hint=' in page.text
    assert await books.live_sessions_of(ada.id) == []
    back = await http.get("/t/acme/sso/signed-out")
    assert back.headers["location"] == "/t/acme/login?why=signed_out"


async def test_who_was_deactivated_is_refused_when_the_provider_sends_them_back(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await _come_back(http, provider)
    await accounts.set_active(admin, ada.id, active=False)
    assert await books.live_sessions_of(ada.id) == []
    back = await _come_back(http, provider)
    assert "Your account was deactivated" in back.text


async def test_where_it_is_required_the_password_is_for_tenant_admins(
    http: httpx.AsyncClient, tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await flow.leave("acme", Purpose.TEST, factories.CALLER)
    answer = await provider.visit(departure.url)
    await flow.finish_test(admin, "acme", departure.sealed, answer)
    await connections.require(admin, True)
    page = await http.get("/t/acme/login")
    assert "Tenant Admins: sign in with a password" in page.text
    credentials = {"email": ada.email, "password": factories.PASSWORD}
    refused = await http.post("/t/acme/login", data=credentials, headers={"Origin": HOME})
    assert refused.status_code == 403
    assert "Your organisation signs in with Test Identity" in refused.text


async def test_the_secret_is_never_shown_again(
    admin: Actor, tenant: Tenant, provider: TestProvider
) -> None:
    shown = await connections.get_connection(admin)
    assert "secret" not in repr(shown).lower()
    await connections.connect(admin, form(provider, client_secret="", name="Renamed"))
    connection = await books.connection_of(tenant)
    assert connection is not None
    assert connection.name == "Renamed"


async def test_no_token_code_or_secret_is_logged_or_audited(
    http: httpx.AsyncClient,
    tenant: Tenant,
    ada: User,
    provider: TestProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    provider.sign_in(ada.email)
    leaving = await http.get("/t/acme/sso/start")
    answer = await provider.visit(leaving.headers["location"])
    caplog.clear()
    await http.get("/t/acme/sso/callback", params=answer, headers=FROM_LINK)
    token = provider.logout_token(sub="wrong", sid="\0")
    await http.post("/t/acme/sso/backchannel-logout", data={"logout_token": token})
    ours = "\n".join(row.getMessage() for row in caplog.records if row.name.startswith("services"))
    audited = repr([entry.details for entry in await books.audit_of(tenant)])
    assert "A logout token for acme was refused: token_claim" in ours
    for secret in (answer["code"], answer["state"], token, CLIENT_SECRET, ada.email, provider.sid):
        assert secret not in ours
        assert secret not in audited.replace(DOMAIN, "")
