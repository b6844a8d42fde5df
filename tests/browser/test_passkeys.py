"""Passkeys in Chromium, with the virtual authenticator of its DevTools protocol.

Browsers accept passkeys only at host names, so these tests have their own server at localhost.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import CDPSession, Page, expect

from models import CustomerPerson
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import reading
from tests import factories
from tests.browser.browsers import Browsers, connected, fill
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.browser.server import cookie_name, serving
from tests.ports import free_port
from tests.services.workspace.rows import create_rows

EMAIL = "robin@example.com"
PASSWORD = "a sentence for passkeys"
HOME = re.compile(r"/platform/tenants$")


@pytest_asyncio.fixture(loop_scope="session")
async def account(browsers: Browsers, tmp_path: Path) -> AsyncIterator[Page]:
    """My account of a Platform Admin, at localhost."""
    port = free_port()
    url = f"http://localhost:{port}"
    settings = {
        "ROLLCALL_PUBLIC_URL": url,
        "ROLLCALL_ADMIN_EMAIL": EMAIL,
        "ROLLCALL_ADMIN_PASSWORD": PASSWORD,
    }
    browsers.allow("ERR_CONNECTION_REFUSED")  # the server goes before its last page does
    async with serving(tmp_path / "data", port=port, settings=settings):
        page = await browsers.stranger(f"{url}/platform/login?next=/platform/account")
        await _sign_in(page)
        await expect(page.get_by_role("heading", name="My account")).to_be_visible()
        await connected(page)
        yield page


async def _sign_in(page: Page) -> None:
    await fill(page, email=EMAIL, password=PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def _device(page: Page) -> tuple[CDPSession, str]:
    """A device with a fingerprint sensor, and its owner's finger on it."""
    protocol = await page.context.new_cdp_session(page)
    await protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return protocol, added["authenticatorId"]


async def _add(page: Page) -> None:
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.locator(".recovery-codes code")).to_have_count(10)
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_text("Passkey of")).to_be_visible()


async def _sign_out(page: Page) -> None:
    await page.locator(".user-menu-button").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You signed out.")).to_be_visible()


async def test_a_passkey_is_made_signs_in_alone_or_after_the_password_and_is_removed(
    account: Page,
) -> None:
    await _device(account)
    await _add(account)
    await account.get_by_role("button", name="Rename the passkey").click()
    await fill(dialog(account), name="Blue key")
    await dialog(account).get_by_role("button", name="Save").click()
    await expect(toast(account, "The passkey has its new name.")).to_be_visible()
    await expect(account.get_by_text("Blue key", exact=True)).to_be_visible()
    await look(account, "account-passkey")
    await _sign_out(account)
    await look(account, "sign-in-passkey")
    await account.get_by_role("button", name="Sign in with a passkey").click()
    await expect(account).to_have_url(HOME)
    await connected(account)
    await _sign_out(account)
    await _sign_in(account)
    await expect(account.get_by_role("heading", name="Second step")).to_be_visible()
    await look(account, "second-step-passkey")
    await account.get_by_role("button", name="Use a passkey").click()
    await expect(account).to_have_url(HOME)
    await account.goto(account.url.replace("/tenants", "/account"))
    await account.get_by_role("button", name="Remove the passkey").click()
    await dialog(account).get_by_role("button", name="Remove").click()
    await expect(toast(account, "The passkey is removed.")).to_be_visible()
    await _sign_out(account)
    await _sign_in(account)
    await expect(account).to_have_url(HOME)


async def test_a_button_that_is_built_again_below_a_new_list_has_the_focus_again(
    account: Page,
) -> None:
    await _device(account)
    other = await account.context.new_page()
    await other.goto(account.url)
    await connected(other)
    await other.get_by_role("button", name="Add a passkey").focus()
    await _add(account)
    await expect(other.get_by_text("Passkey of")).to_be_visible()
    await expect(other.get_by_role("button", name="Add a passkey")).to_be_focused()


async def test_a_passkey_that_is_not_given_is_told_and_can_be_tried_again(account: Page) -> None:
    protocol, device = await _device(account)
    finger = {"authenticatorId": device}
    await protocol.send("WebAuthn.setUserVerified", finger | {"isUserVerified": False})
    await account.get_by_role("button", name="Add a passkey").click()
    await expect(account.get_by_text("No passkey was made.")).to_be_visible()
    await protocol.send("WebAuthn.setUserVerified", finger | {"isUserVerified": True})
    await _add(account)
    # One device has one passkey for an account.
    await account.get_by_role("button", name="Add a passkey").click()
    await expect(account.get_by_text("This device has a passkey")).to_be_visible()
    await _sign_out(account)
    await protocol.send("WebAuthn.setUserVerified", finger | {"isUserVerified": False})
    button = account.get_by_role("button", name="Sign in with a passkey")
    await button.click()
    await expect(account.get_by_text("No passkey was given.")).to_be_visible()
    await protocol.send("WebAuthn.setUserVerified", finger | {"isUserVerified": True})
    await button.click()
    await expect(account).to_have_url(HOME)


async def test_a_passkey_that_was_removed_elsewhere_is_told_on_the_sign_in_page(
    account: Page,
) -> None:
    await _device(account)
    await _add(account)
    await account.get_by_role("button", name="Remove the passkey").click()
    await dialog(account).get_by_role("button", name="Remove").click()
    await expect(toast(account, "The passkey is removed.")).to_be_visible()
    await _sign_out(account)
    await account.get_by_role("button", name="Sign in with a passkey").click()
    await expect(account.get_by_text("This passkey didn't work.")).to_be_visible()


async def test_a_customer_comes_back_with_a_passkey(browsers: Browsers, tmp_path: Path) -> None:
    port = free_port()
    url, data = f"http://localhost:{port}", tmp_path / "data"
    browsers.allow("ERR_CONNECTION_REFUSED")
    ours = Settings(_env_file=None, data_dir=data, public_url=url)
    async with (
        serving(data, port=port, settings={"ROLLCALL_PUBLIC_URL": url}),
        started(ours),
    ):
        tenant = await factories.create_tenant("Acme")
        rows = await create_rows(tenant.id, (await factories.create_user(tenant)).id)
        async with reading() as tx:
            person = await tx.get_one(CustomerPerson, rows.customer)
        _, token = await factories.open_customer_session(person)
        page = await browsers.stranger(f"{url}/t/acme/customer")
        name = cookie_name(url, "rollcall-customer")
        await page.context.add_cookies([{"name": name, "value": token, "url": url}])
        await page.goto(f"{url}/t/acme/customer/{rows.poc}")
        await connected(page)
        await _device(page)
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(toast(page, "The passkey is added.")).to_be_visible()
        await expect(page.get_by_role("button", name="Remove passkey")).to_be_visible()
        await look(page, "customer-passkey")
        await _sign_out(page)
        await look(page, "customer-entrance-passkey")
        await page.get_by_role("button", name="Continue with a passkey").click()
        await expect(page.get_by_role("heading", name="Trial", level=1)).to_be_visible()
        await page.get_by_role("button", name="Remove passkey").click()
        await dialog(page).get_by_role("button", name="Remove").click()
        await expect(toast(page, "The passkey is removed.")).to_be_visible()
