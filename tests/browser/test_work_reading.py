"""The work as people see it who may change nothing about it."""

from playwright.async_api import Page, expect

from models import Role, Tenant, User
from services.workspace import task_list, tasks
from services.workspace.tasks import TaskForm
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog
from tests.services.workspace.rows import START, Rows, create_rows


async def _reading(browsers: Browsers, tenant: Tenant) -> tuple[Page, User, Rows]:
    """A page on which an Administrator reads a task, the owner of its POC, and its rows."""
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    page = await browsers.as_user(author, f"/t/{tenant.slug}/pocs/{rows.poc}/board")
    await page.get_by_role("button", name="Trial", exact=True).click()
    return page, owner, rows


async def test_whoever_may_change_nothing_opens_a_card_and_a_bar_to_read_their_task(
    browsers: Browsers, tenant: Tenant
) -> None:
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    task = await task_list.find_task(rows.task)
    form = TaskForm(title="Trial", description="Two gates, one hall", start_on=START)
    await tasks.edit_task(await factories.sign_in(owner), rows.task, task.version, form)
    url = f"/t/{tenant.slug}/pocs/{rows.poc}"
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    page = await browsers.as_user(author, f"{url}/board")
    shown = dialog(page)
    await page.get_by_role("button", name="Trial", exact=True).click()
    await expect(shown.get_by_text("Two gates, one hall")).to_be_visible()
    await expect(shown.locator("input, textarea, select")).to_have_count(0)
    await shown.get_by_role("button", name="Close").click()
    await expect(shown).to_have_count(0)
    await page.locator(".task-card").press("Enter")
    await expect(shown.get_by_text("Two gates, one hall")).to_be_visible()
    await page.goto(f"{url}/timeline")
    await page.get_by_role("button", name="Trial, 2 Mar").press("Enter")
    await expect(shown.get_by_text("Two gates, one hall")).to_be_visible()


async def test_a_task_that_is_being_read_shows_what_others_make_of_it_meanwhile(
    browsers: Browsers, tenant: Tenant
) -> None:
    page, owner, rows = await _reading(browsers, tenant)
    close = dialog(page).get_by_role("button", name="Close")
    await close.focus()
    form = TaskForm(title="Trial", description="Two gates, one hall")
    await tasks.edit_task(await factories.sign_in(owner), rows.task, 1, form)
    await expect(dialog(page).get_by_text("Two gates, one hall")).to_be_visible()
    await expect(close).to_be_focused()


async def test_that_what_is_being_read_has_changed_is_said_to_screen_readers(
    browsers: Browsers, tenant: Tenant
) -> None:
    page, owner, rows = await _reading(browsers, tenant)
    said = dialog(page).get_by_role("status")
    await expect(dialog(page).get_by_text("None").first).to_be_visible()
    await expect(said).to_have_count(0)
    form = TaskForm(title="Trial", description="Two gates, one hall")
    await tasks.edit_task(await factories.sign_in(owner), rows.task, 1, form)
    await expect(said).to_have_text("This has just changed.")
