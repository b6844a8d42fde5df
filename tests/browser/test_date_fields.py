"""Date fields say by a class whether they are empty: WebKit would show today's date in those."""

from playwright.async_api import Page, expect

from models import Tenant, User
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog

# Of each date field: its date, and whether it is drawn as one without.
FIELDS = """
(wanted) => JSON.stringify(wanted) === JSON.stringify(
  [...document.querySelectorAll("input[type=date]")]
    .map((field) => [field.value, field.matches(".is-empty")]))
"""


async def expect_fields(page: Page, *fields: tuple[str, bool]) -> None:
    """Wait until these are the page's date fields."""
    await page.wait_for_function(FIELDS, arg=fields)


async def test_a_date_field_without_a_date_is_drawn_as_one(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit?from=2026-03-04")
    await expect_fields(page, ("2026-03-04", False), ("", True))
    await page.goto(f"/t/{tenant.slug}/users/{ada.id}")
    await page.get_by_role("button", name="End date").click()
    field = dialog(page).locator("input[type=date]")
    await expect(field).to_be_focused()
    await expect_fields(page, ("", True))
    await field.fill("2030-01-31")
    await expect_fields(page, ("2030-01-31", False))
