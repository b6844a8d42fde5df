"""Single sign-on in real browsers, with OpenID providers that we didn't write."""

from collections.abc import Iterator

import httpx
import oidc_provider_mock
import pytest
from playwright.async_api import Page, expect

from models import Tenant, User
from services.database.runtime import Runtime
from services.sso import connections
from services.sso.connections import tenant_urls
from tests import books, factories
from tests.browser.browsers import HOME, WELCOME, Browsers, connected, expect_signed_out, fill
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.ports import free_port
from tests.services.sso.conftest import form
from tests.services.sso.provider import providing


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    """The url of an `oidc-provider-mock`."""
    port = free_port()
    with oidc_provider_mock.run_server_in_thread(port=port):
        yield f"http://localhost:{port}"


async def _person(mock: str, user: User, *, verified: bool = True) -> str:
    """Have the provider know this user; returns their subject there."""
    subject = f"subject-{user.id}"
    claims = {"email": user.email, "email_verified": verified, "name": user.full_name}
    async with httpx.AsyncClient(timeout=60) as http:
        (await http.put(f"{mock}/users/{subject}", json=claims)).raise_for_status()
    return subject


async def _authorize(page: Page, subject: str) -> None:
    """On the provider's page: say who one is."""
    await page.get_by_placeholder("sub").fill(subject)
    await page.get_by_role("button", name="Authorize").click()


async def _connect(browsers: Browsers, page: Page, provider: str) -> None:
    """As an admin does on the Settings page."""
    browsers.allow("cdn.jsdelivr.net")  # where the mock's pages have their looks from
    await page.get_by_role("button", name="Connect", exact=True).click()
    form = dialog(page)
    secret = form.get_by_label("Client secret", exact=True)
    await secret.focus()
    await secret.blur()
    await expect(form.get_by_text("Client secret is required.")).to_be_visible()
    await fill(
        form,
        name_on_the_button="Mock Identity",
        discovery_address=provider,
        client_id="rollcall",
        client_secret="a secret",
        email_domains="example.com",
        people_without_an_account="Are refused",
    )
    await form.get_by_role("button", name="Save").click()
    await expect(toast(page, "Single sign-on is connected. Test it now.")).to_be_visible()


async def test_an_admin_connects_tests_and_requires_it_and_people_come_in_and_out(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, mock: str
) -> None:
    admin = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/sign-in")
    await _connect(browsers, admin, mock)
    async with admin.expect_popup() as opened:
        await admin.get_by_role("link", name="Test").click()
    test = await opened.value
    await _authorize(test, await _person(mock, grace))
    await expect(test.get_by_role("status")).to_contain_text("Grace Hopper would be let in")
    await expect(test.get_by_text(grace.email)).to_be_visible()
    await look(test, "sso-test")
    await test.close()
    await expect(admin.get_by_text("not tested as it is")).to_have_count(0)
    await look(admin, "settings-sso")
    await admin.get_by_role("button", name="Require", exact=True).click()
    await fill(dialog(admin), use="Required for everyone")
    await dialog(admin).get_by_role("button", name="Save").click()
    await expect(toast(admin, "The requirement is saved.")).to_be_visible()

    page = await browsers.stranger(f"/t/{tenant.slug}/login?next=/t/{tenant.slug}/roles")
    await look(page, "sign-in-sso-required")
    await page.get_by_role("link", name="Sign in with Mock Identity").click()
    await _authorize(page, await _person(mock, ada))
    await expect(page.get_by_role("heading", name="Roles", exact=True)).to_be_visible()
    await connected(page)
    await page.locator(".user-menu-button").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="End session").click()
    await expect(page.get_by_role("status").filter(has_text="You signed out.")).to_be_visible()


async def test_a_refusal_is_told_on_the_sign_in_page(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, mock: str
) -> None:
    admin = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/sign-in")
    await _connect(browsers, admin, mock)
    page = await browsers.stranger(f"/t/{tenant.slug}/login")
    await look(page, "sign-in-sso")
    await page.get_by_role("link", name="Sign in with Mock Identity").click()
    await _authorize(page, await _person(mock, ada, verified=False))
    refusal = "doesn't vouch for your email"
    await expect(page.get_by_role("alert")).to_contain_text(refusal)
    await look(page, "sign-in-sso-refused")


async def test_an_invited_person_accepts_without_a_password(
    browsers: Browsers, tenant: Tenant, grace: User, mock: str
) -> None:
    admin = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/sign-in")
    await _connect(browsers, admin, mock)
    ivy = await factories.create_user(tenant, first_name="Ivy", invited=True)
    token = await factories.token_of(ivy)
    page = await browsers.stranger(f"/t/{tenant.slug}/invitation/{token}")
    await look(page, "invitation-sso")
    await page.get_by_role("link", name="Accept with Mock Identity").click()
    await _authorize(page, await _person(mock, ivy))
    await expect(page.get_by_role("heading", name=WELCOME)).to_be_visible()
    user = await books.user_of(ivy.id)
    assert (user.invited, user.password_hash) == (False, None)


async def test_pages_close_when_the_provider_ends_the_session(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, rollcall: Runtime
) -> None:
    async with providing() as strict:
        strict.redirect_uris = {tenant_urls(tenant.slug).redirect}
        await connections.connect(await factories.sign_in(grace), form(strict))
        subject = strict.sign_in(ada.email)
        page = await browsers.stranger(f"/t/{tenant.slug}/login")
        await page.get_by_role("link", name="Sign in with Test Identity").click()
        await expect(page.get_by_role("heading", name=HOME)).to_be_visible()
        await connected(page)
        at = tenant_urls(tenant.slug).backchannel_logout
        async with httpx.AsyncClient(timeout=60) as http:
            answer = await http.post(at, data={"logout_token": strict.logout_token(sub=subject)})
        assert answer.status_code == 200
        await expect_signed_out(page, "Your organisation signed you out.")


async def test_a_sign_in_that_was_begun_in_two_tabs_works_in_both(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, mock: str
) -> None:
    admin = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/sign-in")
    await _connect(browsers, admin, mock)
    subject = await _person(mock, ada)
    context = await browsers.new()
    first, second = [await browsers.tab(context, f"/t/{tenant.slug}/login") for _ in range(2)]
    for page in (first, second):
        await page.bring_to_front()
        await page.get_by_role("link", name="Sign in with Mock Identity").click()
        await expect(page.get_by_placeholder("sub")).to_be_visible()
    for page in (first, second):
        await page.bring_to_front()
        await _authorize(page, subject)
        await expect(page.get_by_role("heading", name=HOME)).to_be_visible()
    # Not in the first tab: that one loads again by itself, when its session is replaced.
    third = await browsers.tab(context, f"/t/{tenant.slug}/home")
    await expect(third.get_by_role("heading", name=HOME)).to_be_visible()
    assert "session.sso_refused" not in await books.actions_of(tenant)
