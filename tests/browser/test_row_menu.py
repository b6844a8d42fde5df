"""What a row's menu on the Users page has, beside the page of who it is about."""

from datetime import timedelta

from playwright.async_api import Locator, Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers, fill
from tests.browser.grid import Grid, dialog, toast


async def _open(page: Page, name: str) -> Locator:
    await page.get_by_role("button", name=f"More for {name}", exact=True).click()
    menu = page.get_by_role("menu", name=f"More for {name}")
    await expect(menu.get_by_role("menuitem").first).to_be_focused()
    return menu.get_by_role("menuitem")


async def test_a_row_has_a_menu_of_what_the_persons_page_offers(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, alan: User, admin: Actor
) -> None:
    await factories.create_user(tenant, first_name="Hedy", last_name="Lamarr", invited=True)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await expect(await _open(page, "Hedy Lamarr")).to_have_text(
        [
            "Open↵",
            "Resend invitation",
            "Copy invitation link",
            "End date…",
            "Wrong role?…",
            "Deactivate…",
        ]
    )
    await page.keyboard.press("Escape")
    await expect(await _open(page, "Grace Hopper")).to_have_text(["Open↵"])
    await page.get_by_role("checkbox", name="Select Hedy Lamarr").check()
    await (await _open(page, "Ada Lovelace")).filter(has_text="End date").click()
    day = clock.now().date() + timedelta(days=40)
    await fill(dialog(page), end_date=day.isoformat())
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(toast(page, f"The account ends on {day:%-d %B %Y}.")).to_be_visible()
    # It doesn't cover the acts on who is selected.
    await page.wait_for_function(
        "() => document.querySelector('.toasts [role=status]').getBoundingClientRect().bottom"
        " <= document.querySelector('.selection-bar').getBoundingClientRect().top"
    )
    more = page.get_by_role("button", name="More for Ada Lovelace", exact=True)
    await expect(more).to_be_focused()

    await page.keyboard.press(".")
    items = page.get_by_role("menuitem")
    await expect(items.first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(items.filter(has_text="Password link…")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog(page)).to_contain_text("Password link for Ada Lovelace")
    await accounts.set_active(admin, ada.id, active=False)
    await expect(dialog(page)).to_contain_text("Ada Lovelace is inactive now.")
    await page.keyboard.press("Escape")
    await expect(await _open(page, "Ada Lovelace")).to_have_text(["Open↵", "End date…", "Activate"])
    await items.filter(has_text="Activate").click()
    await Grid(page).expect_active("Ada Lovelace")
