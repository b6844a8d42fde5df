"""From the commit on, nothing: many tabs, a tab that was away, a script that doesn't listen."""

from playwright.async_api import Page, expect

from models import Tenant, User
from services import users
from services.actor import Actor
from tests import books
from tests.browser.browsers import Browsers, expect_signed_out
from tests.browser.grid import Grid

DEACTIVATED = "Your account was deactivated. Contact your admin."
# A page without our script: what it is told is lost, and only its components still listen.
DEAF = """
const timer = setInterval(() => {
  if (!window.socket) return;
  clearInterval(timer);
  window.dispatchEvent(new Event("rollcall_socket"));
}, 5);
"""
# What a script would do that goes on as if nothing had been said.
PUSH = """
() => document.querySelectorAll("[role=switch], .btn").forEach((button) => button.click())
"""


async def _deactivate(admin: Actor, user: User) -> None:
    await users.set_active(admin, user.id, active=False)


async def test_ten_tabs_in_two_browsers_close_at_once(
    browsers: Browsers, tenant: Tenant, admin: Actor, alan: User
) -> None:
    home = f"/t/{tenant.slug}"
    addresses = ("users", "account", "roles", "audit", "settings")
    pages: list[Page] = []
    for _ in range(2):
        browser = await browsers.signed_in(alan)
        pages += [await browsers.tab(browser, f"{home}/{address}") for address in addresses]
    await _deactivate(admin, alan)
    for page in pages:
        await expect_signed_out(page, DEACTIVATED)
        await expect(page.get_by_text("Alan Turing")).to_have_count(0)


async def test_a_tab_that_was_frozen_and_offline_is_closed_when_it_comes_back(
    browsers: Browsers, tenant: Tenant, admin: Actor, alan: User
) -> None:
    page = await browsers.as_user(alan, f"/t/{tenant.slug}/users")
    browsers.allow("net::ERR_INTERNET_DISCONNECTED")
    devtools = await page.context.new_cdp_session(page)
    await page.context.set_offline(True)
    await devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    await _deactivate(admin, alan)
    await page.context.set_offline(False)
    await devtools.send("Page.setWebLifecycleState", {"state": "active"})
    await expect_signed_out(page, DEACTIVATED)
    await expect(page.get_by_text("Alan Turing")).to_have_count(0)


async def test_a_browser_whose_script_does_not_listen_changes_nothing(
    browsers: Browsers, tenant: Tenant, admin: Actor, alan: User, ada: User
) -> None:
    browser = await browsers.signed_in(alan)
    await browser.route(
        "**/static/live.js",
        lambda route: route.fulfill(body=DEAF, content_type="text/javascript"),
    )
    page = await browsers.tab(browser, f"/t/{tenant.slug}/users")
    await Grid(page).expect_active("Ada Lovelace")
    await _deactivate(admin, alan)
    after = await books.actions_of(tenant)
    await page.evaluate(PUSH)
    # The server ends the page by itself, whatever it does, and lets it in no more.
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert (await books.user_of(ada.id)).active
    done = [action for action in await books.actions_of(tenant) if action not in after]
    assert set(done) <= {"user.pages_closed"}


async def test_a_double_click_on_a_switch_is_one_change(
    browsers: Browsers, tenant: Tenant, admin: Actor, grace: User, ada: User
) -> None:
    await _deactivate(admin, ada)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.expect_inactive("Ada Lovelace")
    await grid.switch("Ada Lovelace").dblclick()
    await grid.expect_active("Ada Lovelace")
    changes = await books.actions_of(tenant)
    assert changes.count("user.activated") == 1
    assert changes.count("user.deactivated") == 1, "the one before, and no other"
