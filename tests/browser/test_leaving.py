"""Somebody leaves: their work is in sight until somebody has it, and the receipt tells it all."""

import re
from uuid import UUID

from playwright.async_api import Page, expect

from models import Poc, Role, Tenant, User
from services.database.transaction import transaction
from services.users import accounts
from services.workspace import handover, orphans
from services.workspace.pocs import HandOverForm
from tests import books, factories
from tests.browser.browsers import RESULTS, Browsers, expect_signed_out
from tests.browser.grid import dialog, toast
from tests.browser.looks import look, look_on_paper
from tests.browser.test_deactivation import DEACTIVATED
from tests.services.workspace.scene import create_poc, create_task


async def _expect_one_sheet(page: Page) -> None:
    await look_on_paper(page)
    await page.emulate_media(media="print", color_scheme="dark")
    await page.set_viewport_size({"width": 794, "height": 1123})  # A4
    await page.screenshot(path=RESULTS / "pages" / "leaving-receipt-print.png")
    await expect(page.locator(".leaving-work")).to_be_hidden()
    printed = await page.pdf(path=RESULTS / "pages" / "leaving-receipt.pdf", format="A4")
    assert printed.count(b"/Type /Page\n") == 1
    await page.emulate_media(media="screen")
    await page.set_viewport_size({"width": 1280, "height": 800})


async def _one_more_than_is_shown_left(tenant: Tenant, poc_id: UUID) -> None:
    """More people than Home shows at first left a POC like this one."""
    users = await factories.create_users(orphans.MOST + 1, tenant, active=False)
    async with transaction() as tx:
        facts = (await tx.get_one(Poc, poc_id)).model_dump(exclude={"id", "owner_id"})
        tx.add_all(Poc(**facts, owner_id=user.id) for user in users)


async def _expect_them_all(page: Page) -> None:
    who_left = page.get_by_role("link", name="Hand over the work of")
    await expect(who_left).to_have_count(orphans.MOST)
    await page.get_by_role("button", name="Show 1 more person who left work").click()
    await expect(who_left).to_have_count(orphans.MOST + 1)


async def test_work_is_handed_over_poc_by_poc_and_the_receipt_tells_it(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    joan = await factories.create_user(tenant, first_name="Joan", last_name="Clarke")
    of_ada, of_joan = await factories.sign_in(ada), await factories.sign_in(joan)
    await create_poc(of_ada, "Claims intake")
    other = await create_poc(of_joan, "Cold chain")
    await create_task(of_joan, other, "Measure", assignees=[ada.id])
    theirs = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")

    await page.get_by_role("button", name="Deactivate", exact=True).click()
    await expect(dialog(page)).to_contain_text("What would be left:")
    await dialog(page).get_by_role("radio", name="Choose for each POC").check()
    await page.screenshot(path=RESULTS / "pages" / "leaving-dialog.png")
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect_signed_out(theirs, DEACTIVATED)
    await page.wait_for_url("**/leaving")
    left = page.locator(".leaving-work")
    await expect(left).to_contain_text("no active owner")
    await page.get_by_role("button", name="Hand over Claims intake").click()
    await _expect_asked(page, "Hand over Claims intake", ada.email)
    await dialog(page).get_by_role("combobox", name="Owner").fill("Joan")
    await dialog(page).get_by_role("option", name="Joan Clarke").click()
    await dialog(page).get_by_label("Handover Note").fill("Call them on Monday")
    await dialog(page).get_by_role("button", name="Hand over", exact=True).click()
    receipt = page.locator(".receipt")
    await expect(receipt).to_contain_text(re.compile(r"1 POC\s*to Joan Clarke"))
    await expect(receipt).to_contain_text(re.compile(r"1\s*page closed"))
    await expect(receipt).to_contain_text(re.compile(r"My account\s*\d+ ms, "))
    await expect(receipt).to_contain_text("By Grace Hopper, Tenant Admin.")
    await expect(receipt).to_contain_text(re.compile(r"Orphaned\s*1 task"))
    await expect(receipt).to_contain_text("Agrees with the log")
    await expect(receipt).to_contain_text("verify-audit --receipt R-")
    await look(page, "leaving-receipt")
    await _expect_one_sheet(page)

    await page.goto(f"{browsers.url}/t/{tenant.slug}/home")
    await expect(page.get_by_role("heading", name="Orphaned work")).to_be_visible()
    await look(page, "home-orphaned")
    await page.get_by_role("link", name="Hand over the work of Ada Lovelace").click()
    await page.wait_for_url("**/leaving")
    await page.get_by_role("button", name="Hand over all").click()
    await dialog(page).get_by_role("combobox", name="Owner").fill("Joan")
    await dialog(page).get_by_role("option", name="Joan Clarke").click()
    await dialog(page).get_by_role("button", name="Hand over", exact=True).click()
    await expect(left).not_to_contain_text("Work without anybody active")
    await page.get_by_role("button", name="Undo", exact=True).click()
    await dialog(page).get_by_role("button", name="Undo", exact=True).click()
    await expect(toast(page, "Ada Lovelace is active again.")).to_be_visible()
    await expect(receipt).to_contain_text("Activated again")
    await expect(left).to_be_hidden()
    await _one_more_than_is_shown_left(tenant, other)
    await page.goto(f"{browsers.url}/t/{tenant.slug}/home")
    await _expect_them_all(page)


async def test_the_focus_goes_from_taking_back_to_the_work_that_came_back(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    joan = await factories.create_user(tenant, first_name="Joan", last_name="Clarke")
    await create_poc(await factories.sign_in(ada), "Claims intake")
    admin = await factories.sign_in(grace)
    await accounts.set_active(admin, ada.id, active=False)
    await handover.hand_over_work(admin, ada.id, HandOverForm(owner_id=joan.id))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}/leaving")
    await page.get_by_role("button", name="Take back").press("Enter")
    await expect(page.get_by_role("button", name="Hand over Claims intake")).to_be_focused()


async def test_a_wrong_role_is_put_right_in_one_step(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await page.get_by_role("button", name="Wrong role?").click()
    asked = dialog(page)
    await expect(asked).to_contain_text("Ada Lovelace is deactivated, and signed out everywhere.")
    await asked.get_by_label("Right role").select_option("Administrator")
    await asked.get_by_role("button", name="Correct the role").click()
    await expect(toast(page, "Ada Lovelace is invited as Administrator.")).to_be_visible()
    await expect(page.get_by_text("Newer account")).to_be_visible()
    new = [user for user in await books.users_with(ada.email_key) if user.active]
    assert [user.role for user in new] == [Role.ADMINISTRATOR]
    (mail,) = await books.mails_of(new[0].id)
    assert mail.params["old_role"] == "Sales Engineer"


async def _expect_asked(page: Page, what: str, email: str) -> None:
    await expect(dialog(page)).to_have_accessible_name(what)
    await expect(dialog(page)).to_contain_text(email)
