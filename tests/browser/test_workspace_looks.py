"""The pages of the work, light and dark, wide and narrow: axe finds nothing, and nothing needs
scrolling sideways."""

from datetime import date, timedelta

import pytest
from playwright.async_api import Page, ViewportSize, expect

from models import Role, TaskStatus, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.users import accounts
from services.workspace import pocs, tasks
from services.workspace.pocs import NewPocForm
from services.workspace.tasks import TaskStatusForm
from tests import books, factories
from tests.browser.browsers import Browsers, connected
from tests.browser.grid import dialog
from tests.browser.looks import look, look_on_paper
from tests.services.workspace.rows import START, create_rows
from tests.services.workspace.scene import create_group, create_poc

HEIGHT = "of => of.clientHeight"
# The dates of weeks that show below the label of today.
COVERED = """
() => {
  const edges = (of) => of.getBoundingClientRect();
  const today = edges(document.querySelector(".timeline-today"));
  return [...document.querySelectorAll(".timeline-week")]
    .filter((of) => of.checkVisibility({ visibilityProperty: true }))
    .filter((of) => edges(of).left < today.right && edges(of).right > today.left)
    .map((of) => of.innerText);
}
"""
# The server says which day it is.
ON_THIS_DAY = """
(today) => {
  for (const { props } of Object.values(mounted_app.elements)) if (props.today) props.today = today;
}
"""
# Whether a form's buttons reach down to where it ends, or to the edge of what scrolls it.
AT_THE_END = """
of => {
  const dialog = of.closest("dialog, [role=dialog]").getBoundingClientRect();
  return Math.abs(of.getBoundingClientRect().bottom - dialog.bottom) <= 2;
}
"""
# What observes sizes is told with a frame, and what follows is drawn by the one after.
MEASURED = """
() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))
"""
PAGES = {
    "work-home": "/home",
    "work-pocs": "/pocs",
    "work-templates": "/templates",
    "work-template-tasks": "/templates/tasks",
    "work-poc": "/pocs/{poc}",
    "work-board": "/pocs/{poc}/board",
    "work-timeline": "/pocs/{poc}/timeline",
    "work-criteria": "/pocs/{poc}/criteria",
    "work-resources": "/pocs/{poc}/resources",
    "work-comments": "/pocs/{poc}/comments",
    "work-people": "/pocs/{poc}/people",
    "work-history": "/pocs/{poc}/history",
}


@pytest.mark.parametrize("name", list(PAGES))
async def test_axe_finds_nothing_in_the_work_of_a_sales_engineer(
    browsers: Browsers, tenant: Tenant, ada: User, name: str
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    path = PAGES[name].format(poc=rows.poc)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}{path}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await look(page, name)


async def test_axe_finds_nothing_in_the_editor_of_a_template(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    rows = await create_rows(tenant.id, ada.id)
    url = f"/t/{tenant.slug}/templates/{rows.group_template}"
    page = await browsers.as_user(author, url)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await look(page, "work-template")


async def test_home_marks_a_new_group_until_a_poc_begins_from_it(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    work = await factories.sign_in(author)
    old, _ = [await create_group(work, title) for title in ("Kick-off", "Wrap-up")]
    await create_poc(await factories.sign_in(ada), group_ids=(old,))
    page = await browsers.as_user(author, f"/t/{tenant.slug}/home")
    for title, used, new in (("Kick-off", "1 POC", 0), ("Wrap-up", "Not used yet", 1)):
        row = page.get_by_role("listitem").filter(has_text=title)
        await expect(row).to_contain_text(used)
        await expect(row.get_by_text("New", exact=True)).to_have_count(new)
    await look(page, "author-home")


async def test_axe_finds_nothing_in_what_an_admin_may_read_and_reassign(
    browsers: Browsers, tenant: Tenant, ada: User, admin: Actor
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    actor = await factories.sign_in(ada)
    await tasks.assign(actor, rows.task, 1, (ada.id,))
    # In the last lane of the board, beyond the edge of a phone.
    await tasks.set_status(actor, rows.task, 2, TaskStatusForm(status=TaskStatus.DONE))
    await accounts.set_active(admin, ada.id, False)
    page = await browsers.as_user(await books.user_of(admin.user_id), f"/t/{tenant.slug}/home")
    await expect(page.get_by_role("heading", name="Orphaned work")).to_be_visible()
    await look(page, "admin-home")
    await page.goto(f"/t/{tenant.slug}/pocs/{rows.poc}/board")
    await expect(page.get_by_role("button", name="Reassign")).to_be_visible()
    await look(page, "admin-board")
    await page.goto(f"/t/{tenant.slug}/pocs/{rows.poc}/people")
    await connected(page)
    await page.get_by_role("button", name="Reassign").click()
    await expect(dialog(page)).to_be_visible()
    await look(page, "admin-reassign")
    await page.goto(f"/t/{tenant.slug}/templates/{rows.group_template}")
    await expect(page.get_by_role("heading", name="Trial", exact=True)).to_be_visible()
    await look(page, "admin-template")


async def test_axe_finds_nothing_in_the_form_of_a_new_poc(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    await create_rows(tenant.id, ada.id)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs")
    await page.get_by_role("button", name="+ New POC").click()
    await expect(dialog(page)).to_be_visible()
    await look(page, "work-new-poc")


async def _timeline(
    browsers: Browsers, tenant: Tenant, ada: User, today: date, days: int = 1
) -> Page:
    """The timeline of a POC of so many days from now on, as it shows on a certain day."""
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    group = await create_group(await factories.sign_in(author))
    begins = clock.now().date()
    form = NewPocForm(
        title="Trial",
        customer="Helvetia Freight AG",
        start_on=begins,
        end_on=begins + timedelta(days=days),
        owner_id=ada.id,
        group_ids=(group,),
    )
    poc = await pocs.create_poc(await factories.sign_in(ada), form)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/timeline")
    await page.evaluate(ON_THIS_DAY, today.isoformat())
    await expect(page.locator(".timeline-today")).to_have_text(f"Today, {today:%-d %b}")
    return page


def _coming(weekday: int) -> date:
    """The next day of this kind, Monday being 0; today, if it is one."""
    today = clock.now().date()
    return today + timedelta(days=(weekday - today.weekday()) % 7)


@pytest.mark.parametrize("weekday", [4, 5, 6])
async def test_no_week_of_a_timeline_is_named_below_today(
    browsers: Browsers, tenant: Tenant, ada: User, weekday: int
) -> None:
    page = await _timeline(browsers, tenant, ada, _coming(weekday))
    assert await page.evaluate(COVERED) == []


async def test_the_week_after_this_one_is_named_on_a_timeline_of_many_months(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    wednesday = _coming(2)
    page = await _timeline(browsers, tenant, ada, wednesday, days=200)
    monday = wednesday + timedelta(days=5)
    week = page.locator(".timeline-head").get_by_text(f"{monday:%-d %b}", exact=True)
    await expect(week).to_be_visible()


async def test_every_week_of_a_timeline_is_named_on_paper_where_today_stands_below(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await _timeline(browsers, tenant, ada, _coming(6))
    await page.emulate_media(media="print")
    weeks = page.locator(".timeline-week")
    await expect(weeks.locator("visible=true")).to_have_count(await weeks.count())
    await look_on_paper(page)


@pytest.mark.parametrize("width", [1440, 390])
async def test_nothing_shows_below_the_buttons_of_a_form_beside_a_preview(
    browsers: Browsers, tenant: Tenant, ada: User, width: int
) -> None:
    await create_rows(tenant.id, ada.id)
    viewport: ViewportSize = {"width": width, "height": 620}
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs", viewport=viewport)
    await page.get_by_role("button", name="+ New POC").click()
    form = dialog(page)
    await expect(form.get_by_label("Title")).to_be_focused()
    assert await form.locator(".dialog-form > .dialog-actions").evaluate(AT_THE_END)


async def test_axe_finds_nothing_in_the_dialogs_of_a_poc_and_of_a_template(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}/people")

    async def opened(name: str) -> None:
        await expect(dialog(page)).to_be_visible()
        await look(page, name)
        await dialog(page).get_by_role("button", name="Cancel").click()
        await expect(dialog(page)).to_have_count(0)

    await page.get_by_role("button", name="Invite Customer").click()
    await opened("work-invite-customer")
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Hand over").click()
    await opened("work-hand-over")
    await page.goto(f"/t/{tenant.slug}/pocs/{rows.poc}")
    await page.get_by_label("Status of Trial").select_option("blocked")
    await opened("work-blocked")
    await page.get_by_role("button", name="Edit, Trial").click()
    await opened("work-edit-group")
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    page = await browsers.as_user(author, f"/t/{tenant.slug}/templates")
    await page.get_by_role("button", name="+ New Template").first.click()
    await opened("work-new-template")


async def test_a_poc_begins_at_its_title_on_a_phone_and_has_its_tabs_on_the_first_screen(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    work = await factories.sign_in(ada)
    words = "To see in four weeks whether it carries a whole year."
    form = NewPocForm(title="Trial", customer="Freight", start_on=START, objectives=words)
    poc = await pocs.create_poc(work, form)
    form = form.model_copy(update={"title": "Much to say", "objectives": f"{words}\n" * 30})
    talkative = await pocs.create_poc(work, form)
    phone: ViewportSize = {"width": 390, "height": 640}
    people = f"/t/{tenant.slug}/pocs/{{}}/people"
    page = await browsers.as_user(ada, people.format(talkative), viewport=phone)
    await expect(page.get_by_role("heading", name="Much to say")).to_be_in_viewport()
    await expect(page.get_by_role("link", name="People")).to_be_in_viewport(ratio=1)
    said = page.locator(".poc-text p")
    folded = await said.evaluate(HEIGHT)
    await page.get_by_role("button", name="Show all of Objectives").press("Enter")
    less = page.get_by_role("button", name="Show less of Objectives", expanded=True)
    await expect(less).to_be_focused()
    assert await said.evaluate(HEIGHT) > 5 * folded
    await page.goto(people.format(poc))
    await expect(page.get_by_role("link", name="People")).to_be_in_viewport(ratio=1)
    await page.evaluate(MEASURED)
    await expect(page.get_by_role("button", name="Show all")).to_have_count(0)
