"""The theme: the system's, or the one that was chosen in this browser."""

import pytest
from playwright.async_api import Page, expect

from models import Tenant, User
from tests.browser.browsers import Browsers
from tests.browser.looks import look

# The page's background, as it was when its body came: before that, there is nothing to be drawn on.
FIRST_DRAWN = """
new MutationObserver((_, observer) => {
  if (!document.body) return;
  observer.disconnect();
  window.firstDrawn = getComputedStyle(document.documentElement).colorScheme;
}).observe(document, { childList: true, subtree: true });
"""
LIGHT, DARK = "rgb(248, 248, 250)", "rgb(14, 15, 19)"


async def expect_theme(page: Page, color: str) -> None:
    """Wait until the page has the light or the dark background."""
    await expect(page.locator("body")).to_have_css("background-color", color)


async def choose(page: Page, theme: str) -> None:
    """Choose a theme in one's own menu."""
    menu = page.locator("details.user-menu")
    if await menu.get_attribute("open") is None:
        await menu.locator(".user-menu-button").click()
    await page.get_by_role("radio", name=theme, exact=True).check(force=True)


@pytest.mark.parametrize("system", ["light", "dark"])
async def test_without_a_choice_the_theme_is_the_systems(
    browsers: Browsers, tenant: Tenant, ada: User, system: str
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account", color_scheme=system)
    await expect_theme(page, LIGHT if system == "light" else DARK)


async def test_a_chosen_theme_is_every_tabs_and_is_there_before_anything_is_drawn(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    context = await browsers.signed_in(ada, color_scheme="light")
    await context.add_init_script(FIRST_DRAWN)
    tab = await browsers.tab(context, f"/t/{tenant.slug}/roles")
    page = await browsers.tab(context, f"/t/{tenant.slug}/account")
    await choose(page, "Dark")
    for shown in (page, tab):
        await expect_theme(shown, DARK)
        await expect(shown.locator("input[value=dark]")).to_be_checked()
    for path in ("account", "login"):
        await page.goto(f"/t/{tenant.slug}/{path}")
        await expect_theme(page, DARK)
        assert await page.evaluate("() => window.firstDrawn") == "dark"
    await choose(tab, "System")
    for shown in (tab, page):
        await expect_theme(shown, LIGHT)
    assert await tab.evaluate("() => document.documentElement.dataset.theme") is None


async def test_the_menu_with_the_themes_is_readable_in_each(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await choose(page, "System")
    await look(page, "own-menu")
