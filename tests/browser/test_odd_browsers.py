"""Slow lines, and browsers that lack or refuse something: each is told, and none is left alone."""

import pytest
from playwright.async_api import Route, expect

from models import Tenant, User
from services.access.actor import Actor
from services.users import accounts
from tests.browser.browsers import Browsers
from tests.browser.grid import Grid
from tests.browser.waiting import eventually

DENIED = """
Object.defineProperty(window, "sessionStorage", {
  configurable: true,
  get: () => { throw new DOMException("denied", "SecurityError"); },
});
"""
COOKIES_DENIED = """
Object.defineProperty(Navigator.prototype, "cookieEnabled", { get: () => false });
"""
ANIMATIONS = "() => document.getAnimations().length"


async def test_on_a_slow_line_a_page_says_that_it_comes_and_if_a_part_is_missing(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    for complaint in (
        "net::ERR_FAILED",
        "of 'window.Vue'",
        "Vue is not defined",
        "(reading 'Lang')",
    ):  # of what is missing
        browsers.allow(complaint)
    page = await (await browsers.signed_in(ada)).new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/vue.esm-browser*", hold)
    await page.goto(f"/t/{tenant.slug}/account", wait_until="commit")
    await expect(page.get_by_text("Loading …")).to_be_visible()
    await expect(page.get_by_text("support ES modules")).to_have_count(0)
    await eventually(lambda: held)
    await held[0].abort()
    await expect(page.get_by_text("A part of this page didn’t arrive.")).to_be_visible()
    await page.unroute("**/vue.esm-browser*")
    held.clear()
    await page.route("**/nicegui.js", hold)
    await page.get_by_role("link", name="Try again").click()
    await eventually(lambda: held)
    await expect(page.get_by_text("Loading …")).to_have_count(0)  # NiceGUI takes it away early
    await expect(page.locator("body")).to_have_css("content", '"Loading …"', pseudo="after")
    await held[0].continue_()
    await expect(page.get_by_role("heading", name="My account")).to_be_visible()
    await expect(page.locator("body")).to_have_css("content", "none", pseudo="after")


async def test_without_javascript_a_page_says_that_it_needs_it(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    context = await browsers.signed_in(ada, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"/t/{tenant.slug}/account")
    words = page.locator("noscript")
    await expect(words).to_be_visible()
    assert "Rollcall needs JavaScript" in (await words.text_content() or "")
    await expect(page.get_by_text("Loading …")).to_be_hidden()


async def test_a_browser_that_keeps_nothing_for_a_page_shows_it_all_the_same(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    context = await browsers.signed_in(grace)
    await context.add_init_script(DENIED)
    page = await browsers.tab(context, f"/t/{tenant.slug}/users")
    await accounts.set_active(admin, ada.id, active=False)
    await Grid(page).expect_inactive("Ada Lovelace")


async def test_a_browser_without_cookies_is_told_before_it_signs_in(
    browsers: Browsers, tenant: Tenant
) -> None:
    context = await browsers.new()
    await context.add_init_script(COOKIES_DENIED)
    page = await browsers.tab(context, f"/t/{tenant.slug}/login")
    await expect(page.get_by_role("alert")).to_contain_text("This browser keeps no cookies here.")


async def test_who_wants_less_motion_sees_changes_without_any(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users", reduced_motion="reduce")
    await accounts.set_active(admin, ada.id, active=False)
    await Grid(page).expect_inactive("Ada Lovelace")
    assert await page.evaluate(ANIMATIONS) == 0


@pytest.mark.parametrize("path", ["login", "account"])
async def test_every_page_is_in_one_language(
    browsers: Browsers, tenant: Tenant, ada: User, path: str
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/{path}")
    await expect(page.locator("html")).to_have_attribute("lang", "en-GB")
