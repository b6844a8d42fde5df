"""Whoever works with the keyboard keeps their place when what has the focus goes away."""

from playwright.async_api import Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.screens import screens
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import Grid, dialog, toast
from tests.services.screen_calls import add_screen
from tests.services.workspace.rows import create_rows


async def _press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    await button.focus()
    await page.keyboard.press("Enter")


async def test_a_message_that_goes_gives_the_focus_back(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    switch = Grid(page).switch("Ada Lovelace")
    await switch.focus()
    await page.keyboard.press("Space")
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect(toast(page, "Ada Lovelace is deactivated.")).to_be_visible()
    await _press(page, "Undo")
    await expect(toast(page, "Ada Lovelace is active again.")).to_be_visible()
    await expect(switch).to_be_focused()
    await _press(page, "Dismiss")
    await expect(page.locator(".toast")).to_have_count(0)
    await expect(switch).to_be_focused()


async def test_a_button_that_is_gone_once_it_is_used_leaves_the_focus_beside_it(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users?role=sales_engineer")
    await page.get_by_role("checkbox", name="Select Ada Lovelace").check()
    await _press(page, "Clear selection")
    await expect(page.get_by_role("toolbar")).to_have_count(0)
    await expect(page.locator(".list :focus")).to_have_count(1)

    rows = await create_rows(tenant.id, ada.id)
    work = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}?status=done")
    await _press(work, "Clear filters")
    await expect(work.locator(".task-title")).to_have_count(1)
    await expect(work.locator(".poc-tasks :focus")).to_have_count(1)


async def test_a_row_that_a_dialog_takes_away_leaves_the_focus_in_its_list(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    for name in ("Bergen", "Oslo"):
        await add_screen(tenant.id, name)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/screens")
    await _press(page, "Revoke Bergen")
    await dialog(page).get_by_role("button", name="Revoke").click()
    await expect(page.locator(".screen-row")).to_have_count(1)
    await expect(page.locator(".screens :focus")).to_have_count(1)


async def test_what_is_built_again_under_somebody_has_the_focus_again(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    await add_screen(tenant.id, "Bergen")
    other = await add_screen(tenant.id, "Oslo")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/screens")
    await page.get_by_role("button", name="Set up Bergen").focus()
    await screens.revoke_screen(admin, other)
    await expect(page.locator(".screen-row")).to_have_count(1)
    await expect(page.get_by_role("button", name="Set up Bergen")).to_be_focused()


async def test_a_button_that_can_be_used_no_more_leaves_the_focus_beside_it(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/rules")
    await page.get_by_label("Default Stay").fill("9")
    await _press(page, "Discard")
    await expect(page.locator("main form :focus")).to_have_count(1)


async def test_who_clicks_beside_everything_is_left_there(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.switch("Ada Lovelace").focus()
    await page.get_by_role("heading", name="Users", exact=True).click()
    await accounts.set_active(admin, ada.id, active=False)
    await grid.expect_inactive("Ada Lovelace")
    newcomer = await factories.create_user(tenant, first_name="Radia")
    await accounts.set_active(admin, newcomer.id, active=False)
    await expect(grid.counts).to_contain_text("2 inactive")
    await expect(page.locator("#main")).to_be_focused()
