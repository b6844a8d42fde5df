"""Ctrl or ⌘ and K: any person, page or act, found while one types."""

import re

from playwright.async_api import Locator, Page, expect

from models import Tenant, User
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog
from tests.browser.looks import look
from tests.factories import sign_in
from tests.services.workspace.scene import create_poc


async def _open(page: Page) -> Locator:
    await page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="A person, a page or an act")
    await expect(field).to_be_focused()
    return field


def _marked(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Go to or do").get_by_role("option", selected=True)


async def test_an_admin_goes_to_people_and_does_what_can_be_done_to_them(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/roles")
    field = await _open(page)
    await expect(page.get_by_role("option", name="Ends soon")).to_be_visible()
    await field.fill("lovel")
    await expect(_marked(page)).to_have_text(re.compile("Ada Lovelace.*Sales Engineer"))
    acts = page.get_by_role("group", name="Acts on Ada Lovelace").get_by_role("option")
    await expect(acts.first).to_be_visible()
    await look(page, "palette")
    await page.keyboard.press("ArrowUp")  # around the end: the last of the acts
    await expect(_marked(page)).to_have_text("Deactivate…")
    await page.keyboard.press("Enter")
    await expect(dialog(page)).to_contain_text("Deactivate Ada Lovelace?")
    assert page.url.endswith(f"/users/{ada.id}")
    await page.keyboard.press("Escape")
    await expect(dialog(page)).to_have_count(0)

    await (await _open(page)).fill("invite u")
    await page.keyboard.press("Enter")  # before the answer is there: it takes the first of that
    await expect(dialog(page).get_by_label("First Name")).to_be_focused()


async def test_a_sales_engineer_finds_pocs_and_nobodys_account(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    await create_poc(await sign_in(ada), "Grace period", customer="Kauri Health")
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/home")
    await page.get_by_label("Ada Lovelace, your menu").click()
    await page.get_by_role("button", name="Go to or do…").click()
    field = page.get_by_role("combobox")
    await field.fill("grace")
    await expect(page.get_by_role("option")).to_have_count(1)
    await expect(page.get_by_role("group", name="POCs")).to_contain_text("Grace period")
    await field.fill("nothing is called so")
    await expect(page.get_by_text("Nothing is called so.")).to_be_visible()
    await field.fill("new poc")
    await expect(_marked(page)).to_have_text("New POC")
    await page.keyboard.press("Enter")
    await expect(dialog(page)).to_contain_text("New POC")
