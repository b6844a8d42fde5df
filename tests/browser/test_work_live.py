"""What is done to the work and to its people, as other open pages show it."""

import re
from datetime import date
from uuid import UUID

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from models import CriterionResult, ResourceKind, Side, TaskStatus, Tenant, User
from services.access.actor import Actor
from services.users import accounts
from services.workspace import (
    comments,
    criteria,
    groups,
    listing,
    members,
    pocs,
    resources,
    task_list,
    tasks,
)
from services.workspace.comments import NewCommentForm
from services.workspace.criteria import ResultForm
from services.workspace.groups import NewGroupForm
from services.workspace.pocs import PocForm
from services.workspace.resource_forms import ResourceForm
from services.workspace.tasks import NewTaskForm, TaskForm, TaskStatusForm
from tests import factories
from tests.browser.browsers import Browsers, connected, hear
from tests.browser.grid import dialog, toast
from tests.browser.waiting import eventually
from tests.services.workspace.rows import START, Rows, create_rows


@pytest_asyncio.fixture(loop_scope="session")
async def owner(tenant: Tenant) -> User:
    """A Sales Engineer who owns the POC of `rows`."""
    return await factories.create_user(tenant, first_name="Mary", last_name="Jackson")


@pytest_asyncio.fixture(loop_scope="session")
async def colleague(tenant: Tenant) -> User:
    """A Sales Engineer who looks."""
    return await factories.create_user(tenant, first_name="Dorothy", last_name="Vaughan")


@pytest_asyncio.fixture(loop_scope="session")
async def rows(tenant: Tenant, owner: User) -> Rows:
    """A POC “Trial” with one task."""
    return await create_rows(tenant.id, owner.id)


def _url(tenant: Tenant, poc_id: UUID, tab: str = "") -> str:
    return f"/t/{tenant.slug}/pocs/{poc_id}" + (f"/{tab}" if tab else "")


async def _pull(page: Page, bar: Locator, share: float, days: int) -> None:
    """Press the mouse on a bar, at this fraction of its length, and drag it by this many days,
    without dropping it."""
    await bar.scroll_into_view_if_needed()
    box = await bar.bounding_box()
    assert box is not None
    x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 19 * days, y, steps=4)


async def test_a_bar_of_the_timeline_is_dragged_and_made_longer_on_every_open_page(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    dated = TaskForm(title="Trial", side=Side.TEAM, start_on=START, due_on=date(2026, 3, 5))
    await tasks.edit_task(work, rows.task, 1, dated)
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "timeline"))
    other = await browsers.as_user(colleague, _url(tenant, rows.poc, "timeline"))

    def bar(days: str) -> Locator:
        return page.get_by_role("button", name=f"Trial, {days}, not started")

    async def shown_to_others(days: str) -> None:
        shown = other.get_by_role("button", name=f"Trial, {days}, not started")
        await expect(shown).to_be_visible()

    await _pull(page, bar("2 Mar to 5 Mar"), 0.5, 2)
    await expect(page.locator(".timeline-pulled")).to_have_text("4 Mar to 7 Mar")
    await page.keyboard.press("Escape")
    await expect(bar("2 Mar to 5 Mar")).to_be_visible()
    await page.mouse.up()
    await expect(dialog(page)).to_have_count(0)  # the end of a drag is no click

    await _pull(page, bar("2 Mar to 5 Mar"), 0.5, 2)
    await page.mouse.up()
    await expect(toast(page, "“Trial”: 4 Mar to 7 Mar 2026.")).to_be_visible()
    await shown_to_others("4 Mar to 7 Mar")
    await _pull(page, bar("4 Mar to 7 Mar"), 0.99, 3)
    await page.mouse.up()
    longer = toast(page, "“Trial”: 4 Mar to 10 Mar 2026.")
    await longer.hover()  # under the pointer it stays, however long the rest takes
    await shown_to_others("4 Mar to 10 Mar")
    await longer.get_by_role("button", name="Undo").click()
    await shown_to_others("4 Mar to 7 Mar")
    await _pull(page, bar("4 Mar to 7 Mar"), 0.01, 1)
    await page.mouse.up()
    await shown_to_others("5 Mar to 7 Mar")
    (group,) = await task_list.list_groups(work, rows.poc)
    assert [(task.start_on, task.due_on) for task in group.tasks] == [
        (date(2026, 3, 5), date(2026, 3, 7))
    ]


async def test_a_bar_of_the_timeline_is_moved_by_the_keyboard_on_every_open_page(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    dated = TaskForm(title="Trial", side=Side.CUSTOMER, start_on=START, due_on=date(2026, 3, 5))
    await tasks.edit_task(work, rows.task, 1, dated)
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "timeline"))
    other = await browsers.as_user(colleague, _url(tenant, rows.poc, "timeline"))
    label = "Trial, customer, {}, not started"
    bar = page.get_by_role("button", name=label.format("2 Mar to 5 Mar"))
    await expect(bar).to_be_visible()
    await bar.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        await page.keyboard.press(key)
    moved = label.format("4 Mar to 8 Mar")
    await expect(page.get_by_role("button", name=moved)).to_be_focused()
    # People who don't work on the POC may look, but change nothing.
    await expect(other.get_by_role("button", name=moved)).to_be_visible()
    (group,) = await task_list.list_groups(work, rows.poc)
    assert [(task.start_on, task.due_on) for task in group.tasks] == [
        (date(2026, 3, 4), date(2026, 3, 8))
    ]
    await page.keyboard.press("Enter")
    await expect(dialog(page)).to_have_accessible_name("Edit task")


async def test_a_card_that_is_dragged_moves_on_another_board(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "board"))
    other = await browsers.as_user(colleague, _url(tenant, rows.poc, "board"))
    lane = page.get_by_role("region", name="In progress")
    await page.locator(".task-card").drag_to(lane)
    await expect(lane.locator("li")).to_have_count(1)
    moved = other.get_by_role("region", name="In progress").locator("li")
    await expect(moved).to_contain_text("Trial")
    await page.locator(".task-card").drag_to(page.get_by_role("region", name="Blocked"))
    await dialog(page).get_by_role("button", name="Cancel").click()
    await expect(lane.locator("li")).to_have_count(1)  # without a reason it isn't blocked

    card = page.locator(".task-card")
    await card.get_by_role("button", name="Trial").click()
    await expect(dialog(page)).to_have_accessible_name("Edit task")
    await dialog(page).get_by_role("button", name="Cancel").click()
    await card.focus()
    for key in (
        "Space",
        "ArrowRight",
        "Space",
    ):  # in two more lanes it is another element each time
        await page.keyboard.press(key)
    await expect(page.get_by_role("status").filter(has_text="Trial: Blocked")).to_be_attached()
    await dialog(page).get_by_label("Reason").fill("No key")
    await dialog(page).get_by_role("button", name="Save").click()
    blocked = other.get_by_role("region", name="Blocked").locator("li")
    await expect(blocked).to_contain_text("Blocked: No key")
    await expect(dialog(page)).to_have_count(0)
    await expect(page.get_by_role("region", name="Blocked").locator("li")).to_be_focused()
    await page.keyboard.press("?")
    await expect(dialog(page)).to_contain_text("Lift the card in focus, and drop it")


async def test_who_is_deactivated_is_marked_at_once_on_every_open_page_of_the_work(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows, admin: Actor
) -> None:
    work = await factories.sign_in(owner)
    await tasks.assign(work, rows.task, 1, (owner.id,))
    context = await browsers.signed_in(colleague)
    listed = await browsers.tab(context, f"/t/{tenant.slug}/pocs")
    board, said, people, history = [
        await browsers.tab(context, _url(tenant, rows.poc, tab))
        for tab in ("board", "comments", "people", "history")
    ]
    marks = [
        listed.get_by_role("row").filter(has_text="Trial").get_by_text("Inactive"),
        board.locator(".task-card").get_by_text("Mary Jackson – Inactive"),
        board.locator(".poc-facts").get_by_text("Inactive"),
        said.locator(".comment-head").get_by_text("Inactive"),
        people.get_by_role("listitem").filter(has_text=owner.email).get_by_text("Inactive"),
        history.locator(".poc-history > li")
        .filter(has_text="Task assigned")
        .get_by_text("Inactive"),
    ]
    for page in context.pages:
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.evaluate("window.notReloaded = true")
    for active in (False, True):
        await accounts.set_active(admin, owner.id, active)
        for mark in marks:
            await expect(mark).to_have_count(0 if active else 1)
    for page in context.pages:
        assert await page.evaluate("window.notReloaded")
    (group,) = await task_list.list_groups(admin, rows.poc)
    assert [task.version for task in group.tasks] == [2]  # nothing of theirs changed


async def test_rows_that_were_read_before_somebody_was_deactivated_do_not_take_their_mark_away(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    page = await browsers.as_user(colleague, f"/t/{tenant.slug}/pocs")
    await hear(page, "rollcall_person")  # it is connected, and has its rows
    # The message comes before the answer.
    await page.evaluate(
        """person => {
            document.querySelector("th .sort").click();
            socket.listeners("rollcall_person").forEach(hear => hear(person));
        }""",
        {"id": str(owner.id), "name": owner.full_name, "active": False, "picture": ""},
    )
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="Trial")
    await expect(row.get_by_text("Inactive")).to_be_visible()


async def test_a_poc_appears_among_those_that_somebody_works_on_once_they_are_added(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    page = await browsers.as_user(colleague, f"/t/{tenant.slug}/pocs")
    await page.get_by_label("I work on").check()
    await expect(page).to_have_url(re.compile(f"works={colleague.id}"))
    poc = page.get_by_role("link", name="Trial")
    await expect(poc).to_have_count(0)
    await members.add_member(work, rows.poc, colleague.id)
    await expect(poc).to_be_visible()
    theirs = await browsers.as_user(
        await factories.create_admin(tenant), f"/t/{tenant.slug}/pocs?works={owner.id}"
    )
    await theirs.get_by_label("Worked on by").select_option(colleague.full_name)
    await expect(theirs).to_have_url(re.compile(f"works={colleague.id}"))
    await expect(theirs.get_by_role("link", name="Trial")).to_be_visible()


async def test_a_task_is_given_to_somebody_at_the_customers(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    form = TaskForm(title="Trial", side=Side.CUSTOMER, description="Ports 443 and 8443")
    await tasks.edit_task(work, rows.task, 1, form)
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    other = await browsers.as_user(colleague, _url(tenant, rows.poc))
    await other.get_by_label("Description of Trial").click()
    await expect(other.get_by_text("Ports 443 and 8443")).to_be_visible()
    await page.get_by_role("button", name="More for Trial").click()
    await page.get_by_role("button", name="Assign", exact=True).click()
    await dialog(page).get_by_role("combobox", name="Customer’s people").fill("Bian")
    await dialog(page).get_by_role("option", name="Reto Bianchi").click()
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page)).to_have_count(0)
    for shown in (page, other):
        people = shown.locator(".task-row .task-people")
        await expect(people).to_contain_text("Reto Bianchi (customer)")
    (group,) = await task_list.list_groups(work, rows.poc)
    assert [person.id for person in group.tasks[0].assignees] == [rows.customer]


async def test_comments_open_at_their_end_and_earlier_ones_are_asked_for(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    for number in range(comments.SLICE + 2):
        await comments.post(work, rows.poc, NewCommentForm(body=f"Remark {number}"))
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "comments"))
    shown = page.locator(".comment")
    await expect(page.get_by_role("button", name="Comment", exact=True)).to_be_in_viewport()
    await expect(shown).to_have_count(comments.SLICE)
    await page.get_by_role("button", name="Show earlier comments").click()
    await expect(shown).to_have_count(comments.SLICE + 3)  # with what the POC had before
    # What the POC had has a random id, by which it stands anywhere.
    await expect(shown.filter(has_text="Remark 0")).to_have_count(1)
    await expect(page.get_by_role("button", name="Show earlier comments")).to_have_count(0)


async def test_the_head_and_the_tabs_of_a_poc_show_by_patches_what_others_change(
    browsers: Browsers, tenant: Tenant, owner: User, colleague: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    context = await browsers.signed_in(colleague)
    pages = {}
    heard: list[str] = []
    for tab in ("criteria", "resources", "people"):
        page = await browsers.tab(context, _url(tenant, rows.poc, tab))
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))),
        )
        await page.reload()
        await connected(page)
        pages[tab] = page
    await tasks.assign(work, rows.task, 1, (owner.id,))
    await tasks.set_status(work, rows.task, 2, TaskStatusForm(status=TaskStatus.DONE))
    result = ResultForm(result=CriterionResult.MET, achieved="190 ms")
    await criteria.set_result(work, rows.criterion, 1, result)
    note = ResourceForm(
        kind=ResourceKind.NOTE, title="What was agreed", content="**Twelve** people"
    )
    await resources.add_to_poc(work, rows.poc, note)
    for page in pages.values():
        await expect(page.locator(".poc-figure").first).to_contain_text("1 of 1")
        await expect(page.get_by_role("link", name="Resources 3")).to_be_visible()
    row = pages["criteria"].get_by_role("listitem").filter(has_text="Achieved: 190 ms")
    await expect(row.get_by_text("Met", exact=True)).to_be_visible()
    await expect(pages["resources"].locator("strong", has_text="Twelve")).to_be_visible()
    row = pages["people"].get_by_role("listitem").filter(has_text=owner.email)
    await expect(row).to_contain_text("0 open tasks")
    # Each page was told what changed, and none was asked to read it again.
    await eventually(lambda: any("rollcall_criterion" in told for told in heard))
    assert not any('"rollcall_poc"' in told for told in heard)

    await members.add_member(work, rows.poc, colleague.id)  # who may change it is asked again
    await expect(pages["people"].get_by_role("button", name="Change status")).to_be_visible()
    await expect(pages["people"].locator("#main").get_by_text(colleague.email)).to_be_visible()


async def test_what_others_change_while_a_poc_is_edited_is_not_written_over(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    await page.get_by_role("button", name="Edit", exact=True).first.click()
    await expect(dialog(page)).to_be_visible()
    seen = (await listing.get_details(work, rows.poc)).row.facts_version
    theirs = PocForm(title="Renamed", customer="Customer", start_on=START)
    await pocs.edit_poc(work, rows.poc, seen, theirs)
    await expect(page.locator(".page-head")).to_contain_text("Renamed")
    await dialog(page).get_by_label("Title").fill("Mine")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page)).to_contain_text("Somebody else has just changed this POC")
    # Both are to be seen. What was typed is kept, what they changed elsewhere is taken over, and
    # it can be sent again.
    await expect(dialog(page)).to_contain_text("Somebody else has made it “Renamed”.")
    await expect(dialog(page).get_by_label("Customer Company")).to_have_value("Customer")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page)).to_have_count(0)
    row = (await listing.get_details(work, rows.poc)).row
    assert (row.title, row.customer) == ("Mine", "Customer")


async def test_clicks_that_move_a_group_up_count_from_one_another(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    for title in ("Second", "Third"):
        await groups.add_group(work, rows.poc, NewGroupForm(title=title))
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    other = await browsers.as_user(owner, _url(tenant, rows.poc))
    up = page.get_by_role("button", name="Move up, Third")
    await up.evaluate("(up) => { up.click(); up.click(); }")
    for shown in (page, other):  # it is kept, which others see
        await expect(shown.locator(".task-group-head h2").first).to_have_text("Third")


async def test_a_task_that_was_archived_is_brought_back_from_the_menu_of_its_poc(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    await tasks.set_archived(await factories.sign_in(owner), rows.task, 1, archived=True)
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="What was archived").click()
    await dialog(page).get_by_role("checkbox", name="Trial").check()
    await dialog(page).get_by_role("button", name="Restore").click()
    await expect(toast(page, "“Trial” is back where it was.")).to_be_visible()
    await expect(page.locator(".task-title")).to_have_text("Trial")
    await page.get_by_role("button", name="More", exact=True).click()
    await expect(page.get_by_role("menuitem")).to_have_text(["Hand over", "Archive"])


async def test_who_acts_by_the_keyboard_goes_on_at_the_same_task_or_at_the_next(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    form = NewTaskForm(title="Next", side=Side.TEAM, group_id=rows.group)
    await tasks.add_task(await factories.sign_in(owner), form)
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    panel = page.locator(".task-menu-panel")
    menu = page.get_by_role("button", name="More for Trial")
    await menu.press("Enter")
    await panel.get_by_role("button", name="Edit").press("Enter")
    await expect(dialog(page).get_by_label("Title")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_be_focused()
    await menu.press("Enter")
    await panel.get_by_role("button", name="Move down").press("Enter")
    await expect(page.locator(".task-title")).to_have_text(["Next", "Trial"])
    await expect(menu).to_be_focused()
    await menu.press("Enter")
    await panel.get_by_role("button", name="Archive").press("Enter")
    await expect(page.get_by_role("button", name="More for Next")).to_be_focused()
