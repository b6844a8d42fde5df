"""A Rollcall of one's own, from nothing; and one without a mail server."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.browsers import Browsers, connected, fill
from tests.browser.grid import Grid, dialog
from tests.browser.looks import look
from tests.browser.server import serving

PASSWORD = "a sentence for the first start"
# As long as a name of one word may be.
LONG = "Lovelace" * 8


async def set_up(page: Page, setup_url: str | None) -> None:
    """Set up a new Rollcall in the browser, for Robin of Acme."""
    assert setup_url is not None
    await page.goto(setup_url)
    await fill(page, organisation="Acme", first_name="Robin", last_name="Platform")
    await fill(page, email="robin@example.com", password=PASSWORD)
    await page.get_by_role("button", name="Set up").click()
    await expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()
    await connected(page)


async def test_the_first_start_leads_to_the_users_page_and_without_mail_to_a_link(
    browsers: Browsers, tmp_path: Path
) -> None:
    browsers.allow("ERR_CONNECTION_REFUSED")  # the server goes before its last page does
    async with serving(tmp_path / "data") as server:
        page = await browsers.stranger(server.url)
        await expect(page.get_by_role("heading", name="Almost there")).to_be_visible()

        assert server.setup_url is not None
        await page.goto(server.setup_url)
        await look(page, "set-up")
        await fill(page, organisation="Acme", first_name="Robin", password="robin")
        await page.get_by_role("button", name="Set up").click()
        await expect(page.get_by_text("Last Name is required.")).to_be_visible()
        await expect(page.get_by_text("Email is required.")).to_be_visible()
        await expect(page.locator("#password-error")).to_contain_text("15 characters")
        await expect(page.get_by_label("Organisation")).to_have_value("Acme")
        await expect(page.get_by_label("First Name")).to_have_value("Robin")

        await set_up(page, server.setup_url)
        assert page.url == f"{server.url}/t/acme/users"
        await expect(page.get_by_role("heading", name="No users yet")).to_be_visible()
        await expect(page.get_by_text("Invite the first one: by email")).to_be_visible()
        # Who set it up isn't in this list: they are told so, and in which one they are.
        trail = page.get_by_role("navigation", name="Breadcrumb")
        await expect(trail).to_contain_text("You are here as a Platform Admin")
        await look(page, "first-users-page")
        await page.get_by_role("link", name="Platform Admins", exact=True).click()
        await expect(Grid(page).row("Robin Platform")).to_be_visible()
        await expect(page.get_by_role("navigation", name="Breadcrumb")).to_have_count(0)
        await page.go_back()
        await connected(page)

        late = await browsers.stranger(server.setup_url)
        dead = late.get_by_role("heading", name="This link is no longer valid")
        await expect(dead).to_be_visible()
        await expect(late.get_by_text("Rollcall is set up already")).to_be_visible()
        await late.get_by_role("link", name="To the start page").click()
        # Where only a Platform Admin can sign in.
        await expect(late.get_by_text("to Rollcall Platform")).to_be_visible()

        await _invite_by_link(browsers, page)


async def _invite_by_link(browsers: Browsers, page: Page) -> None:
    await page.get_by_role("button", name="Invite the first Tenant Admin").click()
    form = dialog(page)
    await expect(form.get_by_text("No mail server is set up")).to_be_visible()
    await expect(form.get_by_text("Empty: whoever invites.", exact=True)).to_be_visible()
    # A form that is longer than the window doesn't hide its buttons.
    send = form.get_by_role("button", name="Send Invitation")
    await expect(send).to_be_in_viewport(ratio=1)
    await fill(form, first_name="Ada", last_name=LONG, email="ada@example.com")
    await expect(form.get_by_label("Role")).to_have_value("tenant_admin")
    await send.click()
    await expect(form.get_by_text("Hand over this link; it works once")).to_be_visible()
    assert await form.evaluate("of => of.scrollWidth - of.clientWidth") == 0
    link = await form.get_by_label("Link", exact=True).input_value()
    await form.get_by_role("button", name="Copy").click()
    await expect(form.get_by_role("button", name="Copied")).to_be_visible()
    await form.get_by_role("button", name="Done").click()
    grid = Grid(page)
    await expect(grid.chip(f"Ada {LONG}", "Invited")).to_be_visible()
    await expect(page.get_by_text("has no Tenant Admin yet")).to_be_hidden()

    newcomer = await browsers.stranger(link)
    await fill(newcomer, password="what I choose for myself")
    await newcomer.get_by_role("button", name="Set password and sign in").click()
    await expect(newcomer.get_by_role("link", name="+ Invite User")).to_be_visible()
    await expect(grid.chip(f"Ada {LONG}", "Invited")).to_have_count(0)
    await expect(grid.online(f"Ada {LONG}")).to_have_count(1)

    await newcomer.goto(link.partition("/invitation/")[0] + "/account")
    await newcomer.get_by_role("button", name="Change email").click()
    await expect(dialog(newcomer).get_by_text("No mail server is set up")).to_be_visible()
    await newcomer.context.clear_cookies()
    await newcomer.goto(link.partition("/invitation/")[0] + "/password/forgot")
    await expect(newcomer.get_by_text("No mail server is set up here")).to_be_visible()
