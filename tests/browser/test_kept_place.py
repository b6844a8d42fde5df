"""Whoever works with the keyboard keeps their place when what has the focus goes away."""

from uuid import UUID

from playwright.async_api import Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.screens import screens
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import Grid, dialog, toast
from tests.services.screen_calls import add_screen
from tests.services.workspace.rows import create_rows
from tests.services.workspace.scene import create_poc

ACTS = ("Deactivate", "Activate")


async def _press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    await button.focus()
    await page.keyboard.press("Enter")


async def _screens(
    browsers: Browsers, tenant: Tenant, grace: User, *names: str
) -> tuple[Page, list[UUID]]:
    """The page of these screens, and their ids."""
    ids = [await add_screen(tenant.id, name) for name in names]
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/screens")
    await expect(page.locator(".screen-row")).to_have_count(len(ids))
    return page, ids


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


async def test_a_row_that_a_dialog_takes_away_leaves_the_focus_at_the_one_in_its_place(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page, _ = await _screens(browsers, tenant, grace, "Bergen", "Oslo", "Troms", "Voss")
    for name, next_one in (("Oslo", "Troms"), ("Voss", "Troms")):
        await _press(page, f"Revoke {name}")
        await dialog(page).get_by_role("button", name="Revoke").click()
        await expect(page.get_by_role("button", name=f"Revoke {name}")).to_have_count(0)
        await expect(page.get_by_role("button", name=f"Revoke {next_one}")).to_be_focused()


async def test_a_row_that_goes_while_a_dialog_asks_leaves_the_focus_at_the_one_in_its_place(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    page, (_, oslo, _) = await _screens(browsers, tenant, grace, "Bergen", "Oslo", "Voss")
    await _press(page, "Revoke Oslo")
    await expect(dialog(page)).to_be_visible()
    await screens.revoke_screen(admin, oslo)
    await expect(page.locator(".screen-row")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Revoke Voss")).to_be_focused()


async def test_a_row_that_goes_while_another_window_is_used_leaves_the_focus_in_its_place(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    page, (_, oslo, _) = await _screens(browsers, tenant, grace, "Bergen", "Oslo", "Voss")
    await page.get_by_role("button", name="Revoke Oslo").focus()
    # Chromium without windows gives the focus to every page.
    await page.evaluate("() => { document.hasFocus = () => false; }")
    await screens.revoke_screen(admin, oslo)
    await expect(page.locator(".screen-row")).to_have_count(2)
    await expect(page.locator("body")).to_be_focused()
    await page.evaluate("() => { delete document.hasFocus; dispatchEvent(new Event('focus')); }")
    await expect(page.get_by_role("button", name="Revoke Voss")).to_be_focused()


async def test_a_switch_that_is_built_again_with_another_name_has_the_focus_again(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    poc = await create_poc(await factories.sign_in(ada), "Offline scanning")
    await factories.create_customer(tenant, poc, first_name="Nina", last_name="Keller")
    await factories.create_customer(tenant, poc)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/people")
    switches = [page.get_by_role("switch", name=f"{act} Reto Bianchi", exact=True) for act in ACTS]
    await switches[0].focus()
    await page.keyboard.press("Space")
    await dialog(page).get_by_role("button", name="Deactivate").click()
    await expect(switches[1]).to_be_focused()
    await page.keyboard.press("Space")
    await expect(switches[0]).to_be_focused()


async def test_what_is_built_again_under_somebody_has_the_focus_again(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    page, (first, *_) = await _screens(browsers, tenant, grace, "Bergen", "Oslo", "Voss")
    await page.get_by_role("button", name="Set up Oslo").focus()
    await screens.revoke_screen(admin, first)
    await expect(page.locator(".screen-row")).to_have_count(2)
    await expect(page.get_by_role("button", name="Set up Oslo")).to_be_focused()


async def test_a_button_that_can_be_used_no_more_leaves_the_focus_beside_it(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/rules")
    await page.get_by_label("Default Stay").fill("9")
    await _press(page, "Discard")
    await expect(page.locator("main form :focus")).to_have_count(1)


async def test_who_clicks_beside_everything_is_left_there(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    page, (bergen, oslo, _) = await _screens(browsers, tenant, grace, "Bergen", "Oslo", "Voss")
    await page.get_by_role("button", name="Set up Bergen").focus()
    await page.locator("header .tenant-name").click()
    for left, screen in ((2, bergen), (1, oslo)):
        await screens.revoke_screen(admin, screen)
        await expect(page.locator(".screen-row")).to_have_count(left)
    await expect(page.locator("body")).to_be_focused()
