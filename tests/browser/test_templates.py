"""The lists of templates: what is made shows at once, joins a group, is archived and comes back."""

import re

from playwright.async_api import expect

from models import Role, Tenant
from services.users import accounts
from services.workspace import template_list, templates
from services.workspace.templates import GroupTemplateForm
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog, toast


async def test_a_new_template_shows_at_once_on_the_list_of_somebody_else_and_joins_a_group(
    browsers: Browsers, tenant: Tenant
) -> None:
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    owner = await factories.create_user(tenant)
    page = await browsers.as_user(author, f"/t/{tenant.slug}/templates/tasks")
    seen = await browsers.as_user(owner, f"/t/{tenant.slug}/templates")
    tabs = seen.get_by_role("navigation", name="Templates")
    await expect(tabs.get_by_role("link")).to_have_text("Tasks 0")
    await page.locator(".empty").get_by_role("button", name="+ New Template").click()
    await dialog(page).get_by_label("Title").fill("Wrap up")
    await dialog(page).get_by_label("Takes days").fill("3")
    await dialog(page).get_by_role("button", name="Create Template").click()
    row = page.get_by_role("row", name="Wrap up")
    await expect(row).to_contain_text("3 days")
    await expect(tabs.get_by_role("link")).to_have_text("Tasks 1")

    group_id = await templates.create_group(
        await factories.sign_in(author, tenant), GroupTemplateForm(title="Last days")
    )
    await expect(seen.get_by_role("row", name="Last days")).to_contain_text("0 tasks")
    await page.goto(f"/t/{tenant.slug}/templates/{group_id}")
    acts = page.get_by_role("button", name=re.compile(r"^(\+ Add Task|Archive)$"))
    await expect(acts).to_have_count(2)
    await acts.evaluate_all("all => all.forEach((one) => (one.marked = true))")
    await page.get_by_role("button", name="Add Existing Tasks").click()
    await dialog(page).get_by_role("checkbox", name="Wrap up").check()
    await dialog(page).get_by_role("button", name="Add Tasks").click()
    await expect(page.get_by_text("1 task, 3 days.")).to_be_visible()
    # Nothing is left to add: the focus goes on from the button that is gone.
    await expect(page.get_by_role("button", name="+ Add Task")).to_be_focused()
    # A click that is on its way to a button which is replaced meanwhile would be lost.
    assert await acts.evaluate_all("all => all.map((one) => one.marked)") == [True, True]
    await expect(seen.get_by_role("row", name="Last days")).to_contain_text("1 task")
    await expect(seen.get_by_role("row", name="Last days")).to_contain_text("3 days")

    # What could do nothing isn't offered.
    idle = page.get_by_role("button", name=re.compile("Add Existing|Delete archived files"))
    await expect(idle).to_have_count(0)
    add = page.get_by_role("button", name=re.compile("Add Resource"))
    await expect(add).to_have_count(1)
    await page.get_by_role("button", name="Archive", exact=True).click()
    await expect(add).to_have_count(0)
    await expect(page.get_by_text("no new POC gets it.")).to_be_visible()
    await page.get_by_role("button", name="Restore", exact=True).click()
    await expect(add).to_have_count(1)

    await page.get_by_role("link", name="All templates").click()
    await page.get_by_role("link", name="Tasks").click()
    await page.get_by_role("checkbox", name="Archived too").check()
    await page.get_by_role("button", name="Archive Wrap up").click()
    told = toast(page, "“Wrap up” is archived")
    await told.hover()  # under the pointer it stays, however long the rest takes
    await expect(page.get_by_role("button", name="Restore Wrap up")).to_be_visible()
    await expect(row).to_contain_text("Archived")
    await told.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Archive Wrap up")).to_be_visible()

    admin = await factories.create_user(tenant, role=Role.TENANT_ADMIN)
    await accounts.set_active(await factories.sign_in(admin), author.id, active=False)
    await expect(seen.get_by_role("row", name="Last days")).to_contain_text("(inactive)")


async def test_what_others_change_while_a_template_is_edited_is_not_written_over(
    browsers: Browsers, tenant: Tenant
) -> None:
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    work = await factories.sign_in(author)
    group_id = await templates.create_group(work, GroupTemplateForm(title="Last days"))
    page = await browsers.as_user(author, f"/t/{tenant.slug}/templates/{group_id}")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await dialog(page).get_by_label("Description").fill("Mine")
    theirs = GroupTemplateForm(title="Last days", description="Theirs")
    await templates.edit_group(work, group_id, 1, theirs)
    await expect(page.locator(".page-head")).to_contain_text("Theirs")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page)).to_contain_text("Somebody else has made it “Theirs”.")
    details = await template_list.get_group(work, group_id)
    assert details.row.description == "Theirs"
