"""What the plain pages decide themselves: where they lead, what they store, and what they end."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import segno
from fastapi import FastAPI
from sqlmodel import select

from models import OneTimeLink, Passkey, Tenant, User
from services.access import one_time_links
from services.access.actor import Actor
from services.access.outsiders import SCREEN_LASTS
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.operations import setup
from services.sessions import sessions
from services.users import accounts
from services.workspace import end_calendar
from services.workspace.customers import visits
from tests import factories
from tests.conftest import ONE_DATABASE, PUBLIC_URL
from tests.services.screens.pairing_of import paired
from tests.services.workspace.scene import create_poc
from ui import public
from ui.public import calendar, wall
from ui.public.allowances import Allowance
from ui.public.sign_in import local_path

COOKIE = "__Host-rollcall"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def http(rollcall: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts, at an application of the plain pages alone."""
    app = FastAPI()
    public.register(app)
    transport = httpx.ASGITransport(app, client=(factories.IP, 1))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


@pytest.mark.parametrize(
    "target", ["/t/acme/users", "/t/acme/users?q=../x&page=2", "/t/acme/users?q=ø#top"]
)
def test_next_leads_to_a_page_of_the_tenant(target: str) -> None:
    assert local_path(target, "acme") == target


@pytest.mark.parametrize("target", ["/platform/tenants", "/t/acme/users?q=../x"])
def test_next_leads_platform_admins_into_every_tenant(target: str) -> None:
    assert local_path(target, None) == target


@pytest.mark.parametrize(
    "target",
    ["/wall", "//evil.example/t/acme/", "/t/../wall", "/t/%2e%2e/wall", "/t/\\evil.example"],
)
def test_next_leads_platform_admins_nowhere_else(target: str) -> None:
    assert local_path(target, None) == ""


@pytest.mark.parametrize(
    "target",
    [
        "",
        "//[",
        "//[::1",
        "http://[",
        "//evil.example/t/acme/",
        "https://evil.example/t/acme/",
        " /t/acme/users",
        "/t/acme/\\evil.example",
        "/t/acme/users\r\nX: y",
        "/t/acme/../other/users",
        "/t/acme/%2e%2E/other/users",
        "/t/acme/.%2e/other/users",
        "/t/acmes/users",
        "/platform/tenants",
        "javascript:alert(1)",
    ],
)
def test_next_leads_nowhere_else(target: str) -> None:
    assert local_path(target, "acme") == ""


@ONE_DATABASE
@pytest.mark.usefixtures("tenant")
async def test_an_address_that_is_none_to_go_on_to_is_passed_over(http: httpx.AsyncClient) -> None:
    page = await http.get("/t/acme/login", params={"next": "//["})
    assert page.status_code == 200
    assert 'name="next" value=""' in page.text
    refused = await http.post("/t/acme/login", data={"email": "a@b.example", "next": "//["})
    assert refused.status_code == 400


@ONE_DATABASE
@pytest.mark.usefixtures("other_tenant")
@pytest.mark.parametrize("path", ["/t/acme", "/t/other", "/t/nowhere", "/platform"])
async def test_signing_out_ends_the_session_whichever_page_it_is_sent_from(
    http: httpx.AsyncClient, tenant: Tenant, path: str
) -> None:
    _, token = await factories.open_session(await factories.create_user(tenant))
    answer = await http.post(f"{path}/logout", headers={"Cookie": f"{COOKIE}={token}"})
    assert answer.headers["location"] == "/t/acme/login?why=signed_out"
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert await sessions.find_session_id(token) is None


@ONE_DATABASE
@pytest.mark.usefixtures("tenant")
async def test_a_platform_admin_who_signs_out_in_a_tenant_finds_their_own_sign_in_page(
    http: httpx.AsyncClient, platform_user: User
) -> None:
    _, token = await factories.open_session(platform_user)
    answer = await http.post("/t/acme/logout", headers={"Cookie": f"{COOKIE}={token}"})
    assert answer.headers["location"] == "/platform/login?why=signed_out"
    assert await sessions.find_session_id(token) is None


@ONE_DATABASE
@pytest.mark.usefixtures("tenant")
async def test_signing_out_twice_leads_to_the_sign_in_page(http: httpx.AsyncClient) -> None:
    answer = await http.post("/t/acme/logout")
    assert answer.headers["location"] == "/t/acme/login?why=signed_out"


async def test_a_platform_admin_pairs_a_screen_of_the_only_open_organisation_without_naming_it(
    http: httpx.AsyncClient, tenant: Tenant, other_tenant: Tenant, platform_user: User
) -> None:
    _, token = await factories.open_session(platform_user)
    headers = {"Cookie": f"{COOKIE}={token}"}
    assert (await http.get("/pair", headers=headers)).status_code == 200  # it asks which one
    async with transaction() as tx:
        (await tx.get_one(Tenant, other_tenant.id)).closed_at = clock.now()
    answer = await http.get("/pair", headers=headers)
    assert answer.headers["location"] == f"/t/{tenant.slug}/settings/screens"


@pytest.mark.usefixtures("tenant", "platform_user")
async def test_a_platform_admin_who_comes_from_an_organisation_s_page_goes_on_there(
    http: httpx.AsyncClient, tenant: Tenant, platform_user: User
) -> None:
    target = f"/t/{tenant.slug}/users?q=ada"
    typed = {"email": platform_user.email, "password": factories.PASSWORD, "next": target}
    page = await http.post(f"/t/{tenant.slug}/login", data=typed)
    assert f'href="/platform/login?next=/t/{tenant.slug}/users%3Fq%3Dada"' in page.text
    answer = await http.post("/platform/login", data=typed)
    assert answer.headers["location"] == target


async def test_the_front_door_leads_to_the_platform_where_nobody_else_can_sign_in(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    await factories.create_user(tenant, active=False)
    assert (await http.get("/")).headers["location"] == "/platform/login"
    await factories.create_user(tenant)
    assert (await http.get("/")).headers["location"] == "/t/acme/login"


async def test_the_right_password_at_the_wrong_address_leads_to_the_right_one(
    http: httpx.AsyncClient, tenant: Tenant, other_tenant: Tenant, platform_user: User
) -> None:
    ada = await factories.create_user(tenant, email="ada@example.com")
    for path, user, right in (
        ("/t/other", ada, "/t/acme/login"),
        ("/platform", ada, "/t/acme/login"),
        ("/t/acme", platform_user, "/platform/login"),
    ):
        form = {"email": user.email, "password": factories.PASSWORD}
        page = await http.post(f"{path}/login", data=form)
        assert page.status_code == 400
        assert f'href="{right}" data-keeps-email>Sign in there' in page.text
        wrong = await http.post(f"{path}/login", data={**form, "password": "wrong"})
        assert "Sign in there" not in wrong.text
    assert not http.cookies


@ONE_DATABASE
async def test_the_page_after_asking_for_a_link_names_the_email_that_was_typed(
    http: httpx.AsyncClient, rollcall: Runtime, tenant: Tenant
) -> None:
    rollcall.settings.mail_server = "127.0.0.1"
    form = {"email": "<b>@example.com"}
    page = await http.post("/t/acme/password/forgot", data=form)
    assert "If <bdi>&lt;b&gt;@example.com</bdi> has an active account here" in page.text


@ONE_DATABASE
async def test_without_a_mail_server_the_forgotten_password_has_a_way_on(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    page = await http.get("/t/acme/password/forgot")
    assert "Ask your admin for a password link" in page.text


@pytest.mark.usefixtures("admin_user", "platform_user")
async def test_a_platform_admin_finds_the_way_from_the_only_tenants_sign_in_page(
    http: httpx.AsyncClient,
) -> None:
    page = await http.get("/", follow_redirects=True)
    assert page.url.path == "/t/acme/login"
    assert 'href="/platform/login"' in page.text
    assert 'href="/platform/login"' not in (await http.get("/platform/login")).text


@ONE_DATABASE
async def test_the_first_wrong_field_of_the_set_up_page_has_the_focus(
    http: httpx.AsyncClient,
) -> None:
    link = await setup.setup_url()
    assert link is not None
    for kept, focus in (
        ({"organisation": ""}, "organisation"),
        ({"organisation": "Acme"}, "first_name"),
        ({"organisation": "Acme", "first_name": "Ada", "last_name": "Lovelace"}, "email"),
    ):
        page = await http.post(link, data=kept)
        assert page.status_code == 422
        assert re.findall(r'<input id="(\w+)"[^>]* autofocus', page.text) == [focus]
        for value in kept.values():
            assert f'value="{value}"' in page.text


@pytest.mark.usefixtures("stopped_clock")
async def test_who_asks_for_too_many_links_is_told_so_and_keeps_the_form(
    http: httpx.AsyncClient, rollcall: Runtime, tenant: Tenant
) -> None:
    rollcall.settings.mail_server = "127.0.0.1"
    path, form = f"/t/{tenant.slug}/password/forgot", {"email": "ada@example.com"}
    for _ in range(7):
        await http.post(path, data=form)
    page = await http.post(path, data=form)
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 0
    assert "Too many attempts" in page.text
    assert 'value="ada@example.com"' in page.text


@ONE_DATABASE
async def test_the_cookies_are_for_rollcall_s_own_pages_and_no_script(
    http: httpx.AsyncClient, admin_user: User
) -> None:
    form = {"email": admin_user.email, "password": factories.PASSWORD}
    answer = await http.post("/t/acme/login", data=form)
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [COOKIE, f"{COOKIE}-device"]
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


@ONE_DATABASE
async def test_the_cookie_of_a_sign_in_under_way_is_for_its_own_paths_alone(
    http: httpx.AsyncClient, admin_user: User
) -> None:
    passkey = Passkey(
        user_id=admin_user.id,
        credential_id=b"id",
        public_key=b"",
        name="Device",
        created_at=clock.now(),
    )
    async with transaction() as tx:
        tx.add(passkey)
    form = {"email": admin_user.email, "password": factories.PASSWORD}
    answer = await http.post("/t/acme/login", data=form)
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Secure-rollcall-second-step=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=strict", "path=/t/acme/login"} <= attributes
    page = await http.get("/t/acme/login/second-step")
    assert "Use a passkey" in page.text


def test_the_strength_meter_is_wherever_a_password_is_chosen() -> None:
    # The set-up; an invitation; a link of an admin's, or of "Forgot password?". (In the app there
    # is My account: tests/browser/test_sessions.py.)
    found = {
        template.name: re.findall(
            r"\{\{ password\((.*\"new-password\".*)\) \}\}", template.read_text()
        )
        for template in (ROOT / "ui" / "public" / "templates").glob("*.html")
    }
    choosing = {name: calls for name, calls in found.items() if calls}
    assert set(choosing) == {"setup.html", "invitation.html", "reset.html"}
    assert all("minimum=minimum" in call for calls in choosing.values() for call in calls)


async def test_scanners_that_open_a_customers_link_use_nothing_up(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    owner = await factories.create_user(tenant)
    poc_id = await create_poc(await factories.sign_in(owner))
    person = await factories.create_customer(tenant, poc_id)
    await visits.ask(tenant.slug, person.email, factories.CALLER)
    async with transaction() as tx:
        row = await tx.exec(select(OneTimeLink).where(OneTimeLink.customer_id == person.id))
        url = f"/t/{tenant.slug}/customer/link/{one_time_links.token_of(row.one())}"
    for method in ("HEAD", "GET", "GET", "OPTIONS"):
        answer = await http.request(method, url, headers={"Purpose": "prefetch"})
        assert "set-cookie" not in answer.headers
    assert (await http.get(url)).status_code == 200  # with the button that uses it
    used = await http.post(url)
    assert (used.status_code, used.headers["location"]) == (
        303,
        f"/t/{tenant.slug}/customer/{poc_id}",
    )
    assert "rollcall-customer=" in used.headers["set-cookie"]
    again = await http.get(url)
    assert again.status_code == 410
    assert f'<a href="/t/{tenant.slug}/customer">Ask for a new link</a>' in again.text
    assert (await http.post(url)).status_code == 410


@ONE_DATABASE
async def test_the_square_of_a_screen_holds_the_page_of_pairing_and_no_code(
    http: httpx.AsyncClient,
) -> None:
    square = segno.make(f"{PUBLIC_URL}/pair", micro=False)
    (drawn,) = re.findall(r'<path[^>]* d="([^"]+)"', square.svg_inline(border=0))
    before = await http.get("/wall")
    code = (await http.post("/wall/code", headers={"Origin": PUBLIC_URL})).json()["code"]
    shown = await http.get("/wall")
    assert drawn in shown.text
    assert shown.text == before.text
    assert code not in shown.text


async def test_a_screen_that_asks_for_its_page_gets_its_cookie_anew(
    http: httpx.AsyncClient, admin: Actor
) -> None:
    _, token = await paired(admin)
    cookie = f"{COOKIE}-screen={token}"
    answer = await http.get("/wall", headers={"Cookie": cookie})
    (given,) = answer.headers.get_list("set-cookie")
    assert given.startswith(f"{cookie};")
    assert int(re.findall(r"max-age=(\d+)", given.lower())[0]) >= SCREEN_LASTS.total_seconds()


async def test_a_browser_that_is_no_screen_yet_may_not_ask_for_codes_without_end(
    http: httpx.AsyncClient, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall, "CODES", Allowance("codes", burst=2, per_second=0))
    # Its own code goes for each new one, so that it never has too many.
    assert [(await http.post("/wall/code")).status_code for _ in range(2)] == [200, 200]
    begun = rollcall.database.queue.begun
    assert (await http.post("/wall/code")).status_code == 429
    assert rollcall.database.queue.begun == begun


async def test_calendars_are_read_so_often_from_one_network_and_kept_nowhere(
    http: httpx.AsyncClient, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "READS", Allowance("calendars", burst=2, per_second=0))
    url = await end_calendar.tell_url(admin)
    read = await http.get(url)
    assert (read.status_code, read.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in read.headers
    await end_calendar.revoke(admin)
    assert (await http.get(url)).status_code == 410
    refused = await http.get(url)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")


async def test_a_calendar_is_sent_again_only_after_what_it_says_has_changed(
    http: httpx.AsyncClient, tenant: Tenant, admin: Actor
) -> None:
    user = await factories.create_user(tenant)
    url = await end_calendar.tell_url(admin)
    first = await http.get(url)
    known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = await http.get(url, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    day = clock.now().date() + timedelta(days=40)
    await accounts.set_end_date(admin, user.id, day)
    changed = await http.get(url, headers=known)
    assert changed.status_code == 200
    assert f"{day:%Y%m%d}" in changed.text
