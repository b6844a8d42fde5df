"""A second factor: set up from a QR code, asked for at the sign-in, and reset by an admin."""

import pyotp
from playwright.async_api import Page, expect

from models import Tenant, User
from tests.browser.browsers import RESULTS, Browsers, fill, sign_in
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.factories import PASSWORD


async def set_up_app(page: Page, *, looked_at: bool = False) -> tuple[str, list[str]]:
    """Set an app up on My account; its secret, and the recovery codes."""
    await page.get_by_role("button", name="Set up an authenticator app").click()
    await expect(page.get_by_role("img", name="QR code of the secret below")).to_be_visible()
    if looked_at:
        await look(page, "second-factor-secret")
    secret = (await page.locator("code.secret").inner_text()).replace(" ", "")
    await page.get_by_role("button", name="Enter the code").click()
    await fill(dialog(page), code=pyotp.TOTP(secret).now())
    await dialog(page).get_by_role("button", name="Turn on").click()
    codes = page.locator(".recovery-codes code")
    await expect(codes).to_have_count(10)
    if looked_at:
        await look(page, "second-factor-codes")
    shown = await codes.all_inner_texts()
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_text("10 of 10 recovery codes are left.")).to_be_visible()
    return secret, shown


async def test_an_app_is_set_up_asked_for_and_reset_by_an_admin(
    browsers: Browsers, tenant: Tenant, ada: User, grace: User
) -> None:
    home = f"/t/{tenant.slug}"
    account = await browsers.as_user(ada, f"{home}/account")
    _, codes = await set_up_app(account, looked_at=True)
    # A sign-in elsewhere stops at the second step, and goes on to the page that was wanted.
    page = await browsers.stranger(f"{home}/login?next={home}/roles")
    await sign_in(page, ada.email, PASSWORD)
    await expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    await look(page, "second-step")
    await fill(page, code="000000x")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("This code doesn't work, or was used.")).to_be_visible()
    await fill(page, code=codes[0])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Roles", exact=True)).to_be_visible()
    # An admin takes it away; My account shows it at once, and the password is enough again.
    admin = await browsers.as_user(grace, f"{home}/users/{ada.id}")
    await expect(admin.get_by_text("Authenticator app, since")).to_be_visible()
    await admin.get_by_role("button", name="Reset second factor").click()
    await dialog(admin).get_by_role("button", name="Reset second factor").click()
    await expect(toast(admin, "The second factor is reset.")).to_be_visible()
    await expect(admin.get_by_role("button", name="Reset second factor")).to_be_hidden()
    await expect(account.get_by_role("button", name="Set up an authenticator app")).to_be_visible()
    other = await browsers.stranger(f"{home}/login?next={home}/roles")
    await sign_in(other, ada.email, PASSWORD)
    await expect(other.get_by_role("heading", name="Roles", exact=True)).to_be_visible()


async def test_an_app_can_be_removed_and_a_setup_cancelled(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await page.get_by_role("button", name="Set up an authenticator app").click()
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await set_up_app(page)
    await page.get_by_role("button", name="Remove the app").click()
    await dialog(page).get_by_role("button", name="Remove").click()
    await expect(toast(page, "The authenticator app is removed.")).to_be_visible()
    await expect(page.get_by_role("button", name="Set up an authenticator app")).to_be_visible()


async def test_recovery_codes_are_copied_downloaded_and_printed(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await set_up_app(page)
    await page.get_by_role("button", name="New recovery codes").click()
    codes = page.locator(".recovery-codes code")
    await expect(codes).to_have_count(10)
    shown = await codes.all_inner_texts()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").click()
    downloaded = await downloading.value
    assert downloaded.suggested_filename == "rollcall-recovery-codes.txt"
    assert (await downloaded.path()).read_text(encoding="utf-8") == copied
    assert copied.splitlines()[-10:] == shown
    assert ada.email in copied
    # What is printed is the codes, and whose they are.
    await page.evaluate("() => { window.print = () => { window.asked = true; }; }")
    await page.get_by_role("button", name="Print").click()
    await page.wait_for_function("() => window.asked")
    await page.emulate_media(media="print")
    await expect(codes.first).to_be_visible()
    await expect(page.get_by_role("heading", name="My account")).to_be_hidden()
    await page.screenshot(path=RESULTS / "pages" / "recovery-codes-printed.png")
    await page.emulate_media(media="screen")
    await page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    await expect(page.get_by_role("heading", name="My account")).to_be_visible()


async def test_a_set_up_that_was_begun_in_two_tabs_says_where_to_go_on(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    context = await browsers.signed_in(ada)
    first = await browsers.tab(context, f"/t/{tenant.slug}/account")
    secrets = []
    second = await browsers.tab(context, f"/t/{tenant.slug}/account")
    for page in (first, second):
        await page.bring_to_front()
        await page.get_by_role("button", name="Set up an authenticator app").click()
        secrets.append((await page.locator("code.secret").inner_text()).replace(" ", ""))
    for page, secret in zip((first, second), secrets, strict=True):
        await page.bring_to_front()
        await page.get_by_role("button", name="Enter the code").click()
        await fill(dialog(page), code=pyotp.TOTP(secret).now())
        await dialog(page).get_by_role("button", name="Turn on").click()
        if page is first:
            await expect(dialog(page)).to_contain_text("begun once more, in another tab")
    await expect(second.locator(".recovery-codes code")).to_have_count(10)
