"""The switch: who is deactivated is out, everywhere and at once, and everybody sees it."""

import re

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.users import accounts
from tests.browser.browsers import Browsers, expect_signed_out, sign_in
from tests.browser.grid import Grid, dialog, toast
from tests.browser.looks import look
from tests.factories import PASSWORD

DEACTIVATED = "Your account was deactivated. Contact your admin."


async def test_deactivation_signs_out_everywhere_and_everybody_sees_it_until_it_is_undone(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User, ada: User
) -> None:
    home = f"/t/{tenant.slug}"
    laptop = await browsers.signed_in(ada)
    account = await browsers.tab(laptop, f"{home}/account")
    roles = await browsers.tab(laptop, f"{home}/account")
    await roles.get_by_role("link", name="Roles").click()
    await expect(roles.get_by_role("heading", name="Roles")).to_be_visible()
    phone = await browsers.as_user(ada, f"{home}/account")
    audit = await browsers.as_user(grace, f"{home}/audit")
    page = await browsers.tab(audit.context, f"{home}/users")
    elsewhere = await browsers.as_user(alan, f"{home}/users")
    grid, other_grid = Grid(page), Grid(elsewhere)
    await other_grid.mark()
    await expect(grid.online("Ada Lovelace")).to_have_count(1)

    await grid.switch("Ada Lovelace").click()
    asked = dialog(page)
    await expect(asked).to_have_accessible_name("Deactivate Ada Lovelace?")
    await expect(asked).to_contain_text("Signed out now, everywhere: 3 open pages on 2 devices.")
    await expect(asked).to_contain_text("Ada Lovelace can't sign in any more")
    await expect(asked).to_contain_text("Their data stays. You can activate them again")
    await asked.get_by_role("button", name="Cancel").click()
    await expect(asked).to_be_hidden()
    await grid.expect_active("Ada Lovelace")
    await expect(account.get_by_role("heading", name="My account")).to_be_visible()

    await grid.switch("Ada Lovelace").click()
    await asked.get_by_role("button", name="Deactivate", exact=True).click()
    told = toast(page, re.compile(r"Ada Lovelace is signed out of 3 open pages, "))
    await told.hover()  # under the pointer it stays, however long the rest takes
    await expect(told).to_contain_text(re.compile(r"pages, the last one after \d+ ms\."))
    for theirs in (account, roles, phone):
        await expect_signed_out(theirs, DEACTIVATED)
    for seen in (grid, other_grid):
        await seen.expect_inactive("Ada Lovelace")
        await expect(seen.counts).to_contain_text("2 active · 1 inactive")
        await expect(seen.online("Ada Lovelace")).to_have_count(0)
    await expect(audit.get_by_role("row").nth(1)).to_contain_text(
        re.compile(r"Pages closed.*3 open pages closed, the last one after \d+ ms")
    )
    await expect(audit.get_by_role("row").nth(2)).to_contain_text(
        re.compile(r"Grace Hopper.*User deactivated.*Ada Lovelace")
    )

    await roles.go_back()
    await expect(roles.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(roles.get_by_text("Open sessions")).to_have_count(0)
    await sign_in(phone, ada.email, PASSWORD)
    await expect(phone.get_by_role("alert")).to_contain_text("That didn't work.")

    await told.get_by_role("button", name="Undo").click()
    await expect(
        toast(page, "Ada Lovelace is active again. They can sign in again.")
    ).to_be_visible()
    for seen in (grid, other_grid):
        await seen.expect_active("Ada Lovelace")
        await expect(seen.counts).to_contain_text("3 active · 0 inactive")
    await sign_in(phone, ada.email, PASSWORD)
    await expect(phone.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()
    await expect(other_grid.online("Ada Lovelace")).to_have_count(1)
    await other_grid.expect_the_same()


async def test_whoever_has_nothing_open_is_deactivated_without_a_figure(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.switch("Ada Lovelace").click()
    await expect(dialog(page)).to_contain_text("Not signed in anywhere right now.")
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect(
        toast(page, "Ada Lovelace is deactivated. No page of theirs was open.")
    ).to_be_visible()
    await grid.expect_inactive("Ada Lovelace")
    await grid.switch("Ada Lovelace").click()
    await expect(toast(page, "Ada Lovelace is active again.")).to_be_visible()
    await grid.expect_active("Ada Lovelace")


async def test_the_keyboard_alone_is_enough(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    switch = grid.switch("Ada Lovelace")
    await grid.search.focus()
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await switch.evaluate("element => element === document.activeElement"):
            break
    await expect(switch).to_be_focused()

    await page.keyboard.press("Space")
    has_focus = dialog(page).locator(":focus")
    await expect(has_focus).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_be_hidden()
    await expect(switch).to_be_focused()
    await grid.expect_active("Ada Lovelace")

    await page.keyboard.press("Space")
    await expect(has_focus).to_have_count(1)
    await page.keyboard.press("Tab")
    await expect(dialog(page).get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await grid.expect_inactive("Ada Lovelace")
    await expect(switch).to_be_focused()
    await page.keyboard.press("Space")
    await grid.expect_active("Ada Lovelace")
    await expect(switch).to_be_focused()


async def test_nobody_is_offered_their_own_switch_and_the_page_says_why(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    own = grid.switch("Grace Hopper")
    await expect(own).to_be_disabled()
    why = "You can't deactivate yourself. Ask a Platform Admin."
    await expect(own).to_have_accessible_description(why)
    await own.focus()
    await expect(page.get_by_role("tooltip")).to_be_visible()
    await page.keyboard.press("Space")
    await own.click(force=True)
    await expect(dialog(page)).to_have_count(0)
    await grid.expect_active("Grace Hopper")
    await expect(grid.switch("Alan Turing")).to_be_enabled()


async def test_an_open_question_tells_what_another_admin_has_done_meanwhile(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.switch("Ada Lovelace").click()
    await expect(dialog(page)).to_contain_text("Not signed in anywhere right now.")
    newcomer = await browsers.stranger(f"/t/{tenant.slug}/login")
    await sign_in(newcomer, ada.email, PASSWORD)
    await expect(dialog(page)).to_contain_text("on 1 device")
    await accounts.set_active(admin, ada.id, active=False)
    change = dialog(page).get_by_role("status").filter(has_text="Somebody else has deactivated")
    await expect(change).to_have_text("Somebody else has deactivated Ada Lovelace meanwhile.")
    await look(page, "deactivate-meanwhile")
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect(toast(page, "Ada Lovelace is inactive already.")).to_be_visible()
