"""The work: templates, POCs with their tasks and comments, and Home, as each role uses them."""

import re
from datetime import date
from uuid import UUID

import pytest_asyncio
from playwright.async_api import expect

from models import Role, Side, Tenant, User
from services.access.actor import Actor
from services.users import accounts
from services.workspace import groups, members, pocs, task_list, tasks
from services.workspace.customers import acts
from services.workspace.groups import NewGroupForm
from services.workspace.pocs import HandOverForm, NewPocForm
from services.workspace.tasks import NewTaskForm
from tests import factories
from tests.browser.browsers import Browsers, send_and_type_on
from tests.browser.grid import dialog, toast
from tests.browser.looks import INDENT
from tests.services.workspace.rows import START, Rows, create_rows

HEBREW = "שילוח Freight"

CHOOSE = """(select, values) => {
  for (const value of values) {
    select.value = value;
    select.dispatchEvent(new Event("change"));
  }
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def owner(tenant: Tenant) -> User:
    """A Sales Engineer who owns the POC of `rows`."""
    return await factories.create_user(tenant, first_name="Mary", last_name="Jackson")


@pytest_asyncio.fixture(loop_scope="session")
async def rows(tenant: Tenant, owner: User) -> Rows:
    """A POC “Trial” with one task, and a group template."""
    return await create_rows(tenant.id, owner.id)


def _url(tenant: Tenant, poc_id: UUID, tab: str = "") -> str:
    return f"/t/{tenant.slug}/pocs/{poc_id}" + (f"/{tab}" if tab else "")


async def test_an_administrator_makes_a_template_and_a_sales_engineer_starts_a_poc_from_it(
    browsers: Browsers, tenant: Tenant, owner: User
) -> None:
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    page = await browsers.as_user(author, f"/t/{tenant.slug}/templates")
    await expect(page.get_by_role("heading", name="No groups yet")).to_be_visible()
    await page.locator(".empty").get_by_role("button", name="+ New Group").click()
    await dialog(page).get_by_label("Title").fill("Network proof")
    await dialog(page).get_by_role("button", name="Create Group").click()
    await expect(page.get_by_role("heading", name="Network proof")).to_be_visible()
    for title in ("Install the gateway", "Route the first traffic"):
        await page.get_by_role("button", name="+ Add Task").click()
        await dialog(page).get_by_label("Title").fill(title)
        await dialog(page).get_by_role("button", name="Add Task").click()
        await expect(dialog(page)).to_have_count(0)
    titles = page.locator(".template-tasks .task-title")
    await page.get_by_role("button", name="Move Route the first traffic", exact=True).focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowUp")
    await expect(titles).to_have_text(["Route the first traffic", "Install the gateway"])
    await page.keyboard.press("Space")
    await expect(toast(page, "“Route the first traffic” is moved.")).to_be_visible()
    await page.get_by_label("Takes days, Install the gateway").fill("3")
    await page.keyboard.press("Tab")
    await expect(toast(page, "“Install the gateway” is changed.")).to_be_visible()
    await page.get_by_label("If it starts on").fill("2026-03-02")
    preview = page.locator(".template-preview li", has_text="Install the gateway")
    await expect(preview).to_contain_text("Mon 2 Mar – Wed 4 Mar")
    await expect(titles).to_have_text(["Route the first traffic", "Install the gateway"])
    await titles.last.drag_to(titles.first)
    await expect(toast(page, "“Install the gateway” is moved.")).to_be_visible()
    await expect(titles).to_have_text(["Install the gateway", "Route the first traffic"])
    await toast(page, "is moved.").last.get_by_role("button", name="Undo").click()
    await expect(titles).to_have_text(["Route the first traffic", "Install the gateway"])

    work = await browsers.as_user(owner, f"/t/{tenant.slug}/pocs")
    await work.locator(".empty").get_by_role("button", name="+ New POC").click()
    form = dialog(work)
    await form.get_by_label("Title").fill("Factory floor")
    await form.get_by_label("Customer Company").fill(HEBREW)
    await form.get_by_role("checkbox", name="Network proof").check()
    await expect(form.locator(".poc-preview")).to_contain_text("Install the gateway")
    await form.get_by_role("button", name="Create POC").click()
    await expect(work.get_by_role("heading", name="Factory floor")).to_be_visible()
    await expect(work.locator(".task-row")).to_have_count(2)

    await work.goto(f"/t/{tenant.slug}/pocs")
    await work.get_by_label("Owner", exact=True).select_option("Me")
    await expect(work.get_by_role("link", name="Factory floor")).to_be_visible()
    await page.goto(f"/t/{tenant.slug}/pocs")
    customer = page.locator("td.col-customer .isolate")
    await expect(customer).to_have_text(HEBREW)
    assert await customer.evaluate(INDENT) < 2  # it begins where the others of its column do
    await page.get_by_role("link", name="Factory floor").click()
    await expect(page.get_by_role("heading", name="Factory floor")).to_be_visible()
    await expect(page.get_by_role("button", name="+ Add Task")).to_have_count(0)


async def test_what_becomes_of_a_task_shows_at_once_on_every_other_open_page(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    colleague = await factories.create_user(tenant, first_name="Dorothy", last_name="Vaughan")
    board = await browsers.as_user(colleague, _url(tenant, rows.poc, "board"))
    card = board.get_by_role("region", name="In progress").get_by_text("Trial", exact=True)
    await expect(board.get_by_role("region", name="Not started").locator("li")).to_have_count(1)
    await page.get_by_label("Status of Trial").select_option("in_progress")
    await expect(card.first).to_be_visible()
    await page.get_by_label("Status of Trial").select_option("blocked")
    await dialog(page).get_by_label("Reason").fill("The change window")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(page.locator(".task-group-head .chip-warning")).to_have_text("1 blocked")
    blocked = board.get_by_role("region", name="Blocked")
    await expect(blocked.get_by_text("Blocked: The change window")).to_be_visible()
    state = page.locator(".task-group-head .chip")
    # The second choice leaves the browser before it has heard what became of the first.
    await page.get_by_label("Status of Trial").evaluate(CHOOSE, ["in_progress", "done"])
    await expect(board.get_by_role("region", name="Done").locator("li")).to_have_count(1)
    await expect(state).to_have_text("1 waits for acceptance")
    customer, _ = await factories.open_customer_session(
        await factories.create_customer(tenant, rows.poc)
    )
    version = (await task_list.find_task(rows.task)).version
    await acts.set_accepted(customer, rows.task, version, accepted=True)
    await expect(state).to_have_text("All accepted")
    await expect(state).to_have_attribute("title", re.compile(r"^Completed \d+ \w+ \d{4}, "))
    # People who don't work on the POC may look, but change nothing.
    await expect(board.get_by_role("button", name="+ Add Task")).to_have_count(0)


async def test_a_card_is_moved_by_the_keyboard(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "board"))
    await page.locator(".task-card").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("region", name="In progress").locator("li")).to_have_count(1)
    await expect(page.locator(".task-card")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("region", name="Not started").locator("li")).to_have_count(1)
    other = await browsers.as_user(owner, _url(tenant, rows.poc, "board"))
    await page.bring_to_front()
    card = page.locator(".task-card")
    await card.focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("region", name="In progress").locator("li")).to_have_count(1)
    await expect(card).to_be_focused()
    await page.keyboard.press("Space")
    for shown in (page, other):  # it is kept, which others see
        await expect(shown.get_by_role("region", name="In progress").locator("li")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_role("region", name="In progress").locator("li")).to_have_count(1)


async def test_tasks_are_looked_for_by_side_assignee_and_status_in_the_url(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    work = await factories.sign_in(owner)
    form = NewTaskForm(title="Mine", side=Side.TEAM, group_id=rows.group, assignee_ids=(owner.id,))
    await tasks.add_task(work, form)
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    titles = page.locator(".task-title")
    await expect(titles).to_have_text(["Trial", "Mine"])
    await page.get_by_label("Assignee", exact=True).select_option("Me")
    await expect(titles).to_have_text(["Mine"])
    await page.reload()
    await expect(titles).to_have_text(["Mine"])
    await page.get_by_role("link", name="Board").click()
    await expect(titles).to_have_text(["Mine"])
    await page.get_by_label("Side", exact=True).select_option("Customer")
    await expect(page.get_by_role("heading", name="No task matches")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(titles).to_have_text(["Trial", "Mine"])


async def test_a_comment_appears_on_another_screen_and_its_removal_is_seen(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "comments"))
    other = await browsers.as_user(owner, _url(tenant, rows.poc, "comments"))
    await page.get_by_label("Comment", exact=True).fill("The gateway **answers**.")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await expect(other.locator(".comment-body strong", has_text="answers")).to_be_visible()
    await expect(page.get_by_label("Comment", exact=True)).to_have_value("")
    await page.locator(".comment").last.get_by_role("button", name="Remove").click()
    await expect(other.locator(".comment-body strong", has_text="answers")).to_be_visible()
    await dialog(page).get_by_role("button", name="Remove").click()
    removed = other.get_by_text(re.compile("Removed by Mary Jackson, .+ It was internal."))
    await expect(removed.locator("bdi")).to_have_text("Mary Jackson")  # whichever way it is read


async def test_a_member_is_mentioned_by_the_keyboard_and_not_once_they_are_inactive(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows, admin: Actor
) -> None:
    work = await factories.sign_in(owner)
    doris, dorothy = [
        await factories.create_user(tenant, first_name=first_name, last_name="Vaughan")
        for first_name in ("Doris", "Dorothy")
    ]
    await members.add_member(work, rows.poc, doris.id)
    await members.add_member(work, rows.poc, dorothy.id)
    page = await browsers.as_user(owner, _url(tenant, rows.poc, "comments"))
    words = page.get_by_label("Comment", exact=True)
    await words.press_sequentially("Ask @vau")
    options = page.get_by_role("listbox", name="Mention").get_by_role("option")
    await expect(options).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(words).to_have_value("Ask @Dorothy Vaughan ")
    await send_and_type_on(words, "Then @Do")
    await expect(page.locator(".comment-body .mention")).to_have_text("@Dorothy Vaughan")
    await expect(words).to_have_value("Then @Do")
    await expect(options).to_have_count(2)
    await accounts.set_active(admin, doris.id, False)
    await expect(options).to_have_count(1)
    # A person who is typed nevertheless is refused by name.
    await words.fill("Then @Doris Vaughan")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await expect(page.get_by_text("Doris Vaughan is inactive.")).to_be_visible()
    await expect(words).to_have_value("Then @Doris Vaughan")
    said = await page.locator(".comment", has_text="Ask @D").get_attribute("data-row")
    reader = await browsers.as_user(dorothy, _url(tenant, rows.poc, f"comments?comment={said}"))
    await expect(reader.locator(".found", has_text="Ask @Dorothy")).to_be_focused()


async def test_a_poc_of_a_deactivated_owner_stays_and_is_reassigned_from_home(
    browsers: Browsers, tenant: Tenant, grace: User, owner: User, rows: Rows, admin: Actor
) -> None:
    heir = await factories.create_user(tenant, first_name="Katherine", last_name="Johnson")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/home")
    await expect(page.get_by_text("Open POCs without an active owner")).to_have_count(0)
    await accounts.set_active(admin, owner.id, False)
    await page.reload()
    await expect(page.get_by_text("Open POCs without an active owner")).to_be_visible()
    await page.get_by_role("link", name="Trial").first.click()
    await expect(page.locator(".poc-facts").get_by_text("Inactive")).to_be_visible()
    await page.get_by_role("button", name="Reassign").click()
    await dialog(page).get_by_role("combobox", name="Owner").fill("Katherine")
    await dialog(page).get_by_role("option", name="Katherine Johnson").click()
    await dialog(page).get_by_role("button", name="Hand over").click()
    await expect(toast(page, "Handed over.")).to_be_visible()
    await expect(page.locator(".poc-facts").get_by_text("Katherine Johnson")).to_be_visible()
    works = await members.list_members(admin, rows.poc)
    assert [(member.person.id, member.is_owner) for member in works] == [
        (heir.id, True),
        (owner.id, False),
    ]


async def test_a_deactivation_says_what_it_would_leave_and_hands_it_over(
    browsers: Browsers, tenant: Tenant, grace: User, owner: User, rows: Rows, admin: Actor
) -> None:
    heir = await factories.create_user(tenant, first_name="Katherine", last_name="Johnson")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{owner.id}")
    await page.get_by_role("button", name="Deactivate").click()
    await expect(dialog(page).get_by_text("1 open POC of theirs: “Trial”.")).to_be_visible()
    await dialog(page).get_by_role("radio", name="Hand everything to one person").check()
    await dialog(page).get_by_role("combobox", name="Hand over to").fill("Katherine")
    await dialog(page).get_by_role("option", name="Katherine Johnson").click()
    await dialog(page).get_by_label("Handover Note").fill("Call them on Monday")
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect(toast(page, "The work of Mary Jackson is handed over.")).to_be_visible()
    works = await members.list_members(admin, rows.poc)
    assert [member.person.id for member in works if member.is_owner] == [heir.id]


async def test_an_administrator_adds_a_resource_to_a_template(
    browsers: Browsers, tenant: Tenant, rows: Rows
) -> None:
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    url = f"/t/{tenant.slug}/templates/{rows.group_template}"
    page = await browsers.as_user(author, url)
    await page.get_by_role("button", name="+ Add Resource").click()
    await dialog(page).get_by_label("Title").fill("Port list")
    await dialog(page).get_by_label("Content").fill("https://example.com/ports")
    await dialog(page).get_by_label("Belongs To").select_option("Task: Trial")
    await dialog(page).get_by_role("button", name="Add Resource").click()
    link = page.get_by_role("link", name="Port list")
    await expect(link).to_have_attribute("href", "https://example.com/ports")
    row = page.locator(".work-rows > li", has_text="Port list")
    await expect(row.get_by_text("Trial")).to_be_visible()
    task = page.locator(".template-title", has_text="Trial")
    await expect(task).to_contain_text("1 resource")
    await page.get_by_role("button", name="Duplicate").click()
    await page.wait_for_url(lambda shown: not shown.endswith(url))
    await expect(task).to_contain_text("1 resource")


async def test_home_says_what_a_role_is_for_until_something_is_theirs(
    browsers: Browsers, tenant: Tenant, owner: User, ada: User
) -> None:
    purpose = "You run proofs of concept."
    page = await browsers.as_user(owner, f"/t/{tenant.slug}/home")
    await expect(page.get_by_role("heading", name=purpose)).to_be_visible()
    await page.get_by_role("link", name="Start a POC").click()
    await expect(dialog(page)).to_contain_text("New POC")
    await create_rows(tenant.id, owner.id)
    await page.goto(f"/t/{tenant.slug}/home")
    await expect(page.get_by_role("link", name="Trial").first).to_be_visible()
    await expect(page.get_by_role("heading", name=purpose)).to_have_count(0)
    newcomer = await browsers.as_user(ada, f"/t/{tenant.slug}/home")
    await expect(newcomer.get_by_role("heading", name=purpose)).to_be_visible()
    await newcomer.get_by_role("link", name="+ New POC").click()
    await expect(dialog(newcomer)).to_contain_text("New POC")
    author = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    page = await browsers.as_user(author, f"/t/{tenant.slug}/home")
    await page.get_by_role("link", name="+ New Template").click()
    await expect(dialog(page)).to_contain_text("New template")


async def test_another_organisations_poc_is_told_as_one_that_does_not_exist(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    elsewhere = await factories.create_tenant("Elsewhere")
    stranger = await factories.create_user(elsewhere)
    browsers.allowed.append("404")
    page = await browsers.as_user(stranger, f"/t/{elsewhere.slug}/pocs/{rows.poc}")
    await expect(page.get_by_text("This POC doesn't exist.")).to_be_visible()
    assert not await page.get_by_text("Trial").count()


async def test_a_status_is_changed_from_a_menu_that_says_whom_the_end_shuts_out(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows
) -> None:
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    await page.get_by_role("link", name="Tasks", exact=True).focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight"):  # round the tabs, from end to end
        await page.keyboard.press(key)
    await expect(page.get_by_role("link", name="Criteria")).to_be_focused()
    menu, items = page.get_by_role("button", name="Change status"), page.get_by_role("menuitem")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(items).to_have_text(["Start", "Cancel the POC"])
    await expect(page.get_by_role("menuitem", name="Start")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".page-head").get_by_text("Active")).to_be_visible()
    await menu.click()
    await expect(items).to_have_text(["Put on hold", "Complete", "Cancel the POC"])
    await page.get_by_role("menuitem", name="Complete").click()
    for said in ("1 person at Customer can’t open it", "is still pending and 1 task isn’t done"):
        await expect(dialog(page).get_by_text(said)).to_be_visible()
    await dialog(page).get_by_role("button", name="Complete", exact=True).click()
    await expect(dialog(page).get_by_text("Outcome is required")).to_be_visible()
    await dialog(page).get_by_label("Outcome").fill("It carries a whole year.")
    await dialog(page).get_by_role("button", name="Complete", exact=True).click()
    await expect(page.locator(".page-head").get_by_text("Completed")).to_be_visible()
    await expect(page.get_by_text("It carries a whole year.")).to_be_visible()


async def test_a_group_that_somebody_else_adds_takes_the_place_of_the_empty_state(
    browsers: Browsers, tenant: Tenant, owner: User
) -> None:
    work = await factories.sign_in(owner)
    form = NewPocForm(title="Empty", customer="Customer", start_on=START)
    poc_id = await pocs.create_poc(work, form)
    page = await browsers.as_user(owner, _url(tenant, poc_id))
    await expect(page.get_by_role("heading", name="No tasks yet")).to_be_visible()
    due = date(2026, 3, 6)
    made = NewGroupForm(title="Kick-off", side=Side.CUSTOMER, due_on=due, assignee_ids=(owner.id,))
    await groups.add_group(work, poc_id, made)
    await expect(page.get_by_role("heading", name="Kick-off")).to_be_visible()
    head = page.locator(".task-group-head")
    for words in ("Customer", "6 Mar", "overdue", owner.full_name):  # of its own
        await expect(head).to_contain_text(words)
    await expect(page.get_by_role("heading", name="No tasks yet")).to_have_count(0)
    await page.get_by_role("button", name="+ Add Task", exact=True).click()
    await expect(dialog(page)).to_have_accessible_name("Add task to “Kick-off”")
    await dialog(page).get_by_label("Title").fill("Call")
    await dialog(page).get_by_role("button", name="Add Task").click()
    await expect(page.get_by_label("Status of Call")).to_be_visible()


async def test_a_status_that_is_refused_is_put_right(
    browsers: Browsers, tenant: Tenant, owner: User, rows: Rows, admin: Actor
) -> None:
    page = await browsers.as_user(owner, _url(tenant, rows.poc))
    colleague = await factories.create_user(tenant, first_name="Dorothy", last_name="Vaughan")
    await pocs.reassign(admin, rows.poc, 1, HandOverForm(owner_id=colleague.id))
    await members.remove_member(await factories.sign_in(colleague), rows.poc, owner.id)
    await page.get_by_label("Status of Trial").select_option("done")
    await expect(toast(page, "You aren't a member of this POC.")).to_be_visible()
    await expect(page.get_by_label("Status of Trial")).to_have_value("not_started")
