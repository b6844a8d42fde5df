"""Questions about work that others change while they are open."""

from datetime import timedelta

from playwright.async_api import expect

from models import PocStatus, Tenant, User
from services.workspace import pocs, tasks
from services.workspace.pocs import PocForm, StatusForm
from services.workspace.tasks import NewTaskForm
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog, toast
from tests.services.workspace.rows import START, create_rows


async def test_an_end_that_somebody_else_s_change_refused_asks_with_the_numbers_of_now(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    actor = await factories.sign_in(ada)
    rows = await create_rows(tenant.id, ada.id)
    active = await pocs.change_status(actor, rows.poc, 1, StatusForm(status=PocStatus.ACTIVE))
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}")
    await page.get_by_role("button", name="Change status").click()
    await page.get_by_role("menuitem", name="Complete").click()
    await expect(dialog(page).get_by_text("1 task isn’t done")).to_be_visible()
    await tasks.add_task(actor, NewTaskForm(title="Second", group_id=rows.group))
    later = START + timedelta(days=1)
    theirs = PocForm(title="Trial", customer="Customer", start_on=later)
    await pocs.edit_poc(actor, rows.poc, active, theirs)
    await dialog(page).get_by_label("Outcome").fill("It carries a whole year.")
    await dialog(page).get_by_role("button", name="Complete", exact=True).click()
    await expect(dialog(page).get_by_text("Somebody else has just changed")).to_be_visible()
    await expect(dialog(page).get_by_text("2 tasks aren’t done")).to_be_visible()
    await dialog(page).get_by_role("button", name="Complete", exact=True).click()
    await expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible()


async def test_what_is_typed_stays_when_the_second_of_two_clicks_arrives_after_it(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    edit = page.get_by_role("button", name="Edit profile")
    await edit.click()
    await dialog(page).get_by_label("Last Name").fill("King")
    await edit.evaluate("button => button.click()")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(toast(page, "Your profile is saved.")).to_be_visible()
    await expect(page.get_by_text("Ada King").first).to_be_visible()
