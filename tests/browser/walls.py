"""Paired screens, without clicking: for tests and pictures that need one at their beginning."""

from typing import Any

from playwright.async_api import Page, expect

from services.access.actor import Actor
from tests.browser.browsers import Browsers
from tests.browser.server import cookie_name
from tests.services.screens.pairing_of import paired


async def hang(
    browsers: Browsers,
    admin: Actor,
    *,
    url: str = "",
    options: dict[str, Any] | None = None,
    **shown: object,
) -> Page:
    """A browser that is a screen of the admin's organisation, and has drawn its first view.

    `shown` is what `tests.services.screen_calls.new_screen` takes: name, views, names, dwell,
    theme; `options` are the browser's. `url` is another Rollcall's than that of all tests.
    """
    _, token = await paired(admin, **shown)
    url = url or browsers.url
    viewport = {"width": 1920, "height": 1080}
    context = await browsers.new(**{"viewport": viewport, "base_url": url, **(options or {})})
    name = cookie_name(url, "rollcall-screen")
    await context.add_cookies([{"name": name, "value": token, "url": url, "httpOnly": True}])
    page = await context.new_page()
    await page.goto("/wall")
    await expect(page.get_by_role("img", name="Live", exact=True)).to_be_visible()
    return page
