"""Acting on many users at once, as an admin does it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.async_api import Page, expect
from sqlalchemy import event

from models import BulkAct, BulkKind, Role, Tenant, User
from services.bulk import runs
from services.bulk.batches import BATCH
from services.core import clock
from services.database.transaction import reading
from services.workspace import templates
from services.workspace.left import find_owned
from services.workspace.templates import TaskTemplateForm
from tests import books, factories
from tests.browser.browsers import RESULTS, Browsers
from tests.browser.grid import dialog
from tests.browser.looks import look
from tests.services.bulk.acting_in_bulk import begun, those
from tests.services.workspace.scene import create_poc

# More than stand on a page of the list.
MANY = 52


async def _choose(page: Page, *names: str) -> None:
    for name in names:
        await page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()


async def test_all_that_match_are_looked_at_deactivated_and_brought_back(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    users = await factories.create_users(MANY, tenant)
    await factories.create_user(tenant, first_name="Hedy", invited=True)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=invited")
    for name, begin, done in (
        ("Copy Links", "Copy 1 link", "1 link copied"),
        ("Resend", "Resend 1 invitation", "1 invitation resent"),
    ):
        await page.get_by_role("checkbox", name="Select Hedy Lovelace").check()
        bar = page.get_by_role("toolbar", name="Acts on the 1 selected user")
        if name == "Copy Links":
            await look(page, "users-selection")  # where it is narrow, the rest is in a menu
            await bar.get_by_role("button", name="More", exact=True).click()
            await expect(bar.get_by_role("menuitem", name="End Date", exact=True)).to_be_visible()
            await page.screenshot(path=RESULTS / "pages" / "users-selection-more.png")
            await page.keyboard.press("Escape")
            await page.set_viewport_size({"width": 1280, "height": 720})
        await bar.get_by_role("button", name=name, exact=True).click()
        await page.get_by_role("button", name=begin).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(done)
        if name == "Copy Links":
            given = page.get_by_label("Link for Hedy Lovelace", exact=True)
            await expect(given).to_have_value(re.compile("/invitation"))
        await page.goto(f"{browsers.url}/t/{tenant.slug}/users?status=invited")
    await page.goto(f"{browsers.url}/t/{tenant.slug}/users?role=sales_engineer")
    other = await browsers.as_user(users[0], f"/t/{tenant.slug}/account")
    await page.get_by_role("checkbox", name="Select the 50 on this page").check()
    await page.get_by_role("button", name=f"Select all {MANY + 1} that match").click()
    bar = page.get_by_role("toolbar", name=f"Acts on the {MANY + 1} selected users")
    names = ["Deactivate", "Activate", "Resend", "Copy Links", "End Date", "Export"]
    for name in names:
        await expect(bar.get_by_role("button", name=name, exact=True)).to_be_visible()
    await bar.get_by_role("button", name="Deactivate", exact=True).click()

    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text(f"Deactivate {MANY + 1} users")
    await expect(page.get_by_text("Nothing has happened yet.")).to_be_visible()
    await expect(page.get_by_text("1 of them is here now, on 1 open page.")).to_be_visible()
    await page.get_by_role("button", name="Show 1: invitation is withdrawn").click()
    await expect(page.get_by_role("link", name="Hedy Lovelace")).to_be_visible()
    await look(page, "bulk-preview")
    await page.set_viewport_size({"width": 1280, "height": 720})
    url = page.url

    await page.get_by_label("Reason").fill("Programme Orion has ended.")
    await page.get_by_role("button", name=f"Deactivate {MANY + 1} users").click()
    await expect(heading).to_have_text(f"{MANY + 1} users deactivated")
    await expect(heading).to_be_focused()
    await expect(other).to_have_url(re.compile("/login"))
    await expect(page.get_by_text(re.compile("page closed, [0-9]+ ms at most"))).to_be_visible()
    await look(page, "bulk-done")

    again = await browsers.as_user(await factories.create_admin(tenant), url)
    await expect(again.get_by_role("heading", level=1)).to_have_text(
        f"{MANY + 1} users deactivated"
    )
    await again.get_by_role("button", name="Undo").click()
    await expect(again.get_by_role("heading", level=1)).to_have_text(f"{MANY + 1} users activated")
    assert (await books.user_of(users[0].id)).active
    await expect(page.get_by_text("It was undone.")).to_be_visible()


@contextmanager
def _another_process_at_it() -> Iterator[None]:
    """Acts that begin meanwhile are leased by a process that does nothing: they keep running."""

    def lease(_mapper: object, _connection: object, act: BulkAct) -> None:
        act.leased_until = clock.now() + timedelta(hours=1)

    event.listen(BulkAct, "before_update", lease)
    try:
        yield
    finally:
        event.remove(BulkAct, "before_update", lease)


async def test_a_running_act_is_found_again_and_stopped_by_another_admin(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    users = await factories.create_users(BATCH + 1, tenant)
    with _another_process_at_it():
        bulk_id = await begun(await factories.sign_in(grace), BulkKind.DEACTIVATE, those(users))
    other = await factories.create_admin(tenant)
    page = await browsers.as_user(other, f"/t/{tenant.slug}/users/bulk/{bulk_id}")
    await expect(page.get_by_role("progressbar", name="Deactivating")).to_be_visible()
    await page.get_by_role("button", name="Stop after this batch").click()
    await expect(page.get_by_text("Stopped by Ada Lovelace.")).to_be_visible()
    await page.get_by_role("link", name="All bulk acts").click()
    await expect(page.get_by_role("link", name=re.compile("^Deactivated: "))).to_be_visible()


async def test_the_preview_says_what_would_be_left_and_an_end_date_is_chosen_first(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    await create_poc(await factories.sign_in(ada), title="Amazonas Energia")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _choose(page, "Ada Lovelace", "Grace Hopper")
    await page.get_by_role("button", name="Deactivate", exact=True).click()
    await expect(page.get_by_text("is skipped", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Show 1: open POC owned").click()
    await expect(page.get_by_role("link", name="Amazonas Energia")).to_be_visible()
    await page.get_by_role("link", name="Cancel").click()

    await _choose(page, "Ada Lovelace")
    await page.get_by_role("button", name="End Date", exact=True).click()
    day = clock.now().date() + timedelta(days=30)
    await page.get_by_role("textbox", name="End date (optional)").fill(day.isoformat())
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Set the end date of 1 user").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("End date of 1 user set")
    assert (await books.user_of(ada.id)).end_date == day


async def test_chosen_people_are_exported_and_brought_back_from_the_bar(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    gone = await factories.create_user(tenant, first_name="Hedy", last_name="Lamarr", active=False)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _choose(page, "Hedy Lamarr", "Ada Lovelace")
    bar = page.get_by_role("toolbar", name="Acts on the 2 selected users")
    async with page.expect_download() as download:
        await bar.get_by_role("button", name="Export", exact=True).click()
    exported = (await (await download.value).path()).read_text()
    assert [email in exported for email in (gone.email, ada.email, grace.email)] == [
        True,
        True,
        False,
    ]
    await bar.get_by_role("button", name="Activate", exact=True).click()
    await page.get_by_role("button", name="Activate 1 user").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("1 user activated")
    assert (await books.user_of(gone.id)).active


async def test_the_work_of_all_is_handed_over_with_them_and_what_is_left_stays_in_sight(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    joan = await factories.create_user(tenant, first_name="Joan", last_name="Clarke")
    hedy = await factories.create_user(tenant, first_name="Hedy", last_name="Lamarr")
    await create_poc(await factories.sign_in(ada), title="Amazonas Energia")
    await create_poc(await factories.sign_in(hedy), title="Cold chain")
    bulk_id = await runs.draft(await factories.sign_in(grace), BulkKind.DEACTIVATE, those([ada]))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/bulk/{bulk_id}")
    await expect(page.get_by_text("All of it stays on the list of orphaned work.")).to_be_visible()
    await page.get_by_role("button", name="Choose Who Gets It").click()
    await expect(dialog(page)).to_have_accessible_name("Hand over")
    people = dialog(page).get_by_role("combobox", name="Hand over to", exact=True)
    await dialog(page).get_by_role("radio", name="Later").check()
    await expect(people).to_have_count(0)  # nobody is chosen for it
    await dialog(page).get_by_role("radio", name="Now").check()
    for name in ("Joan Clarke", "Hedy Lamarr"):
        await people.fill(name)
        await dialog(page).get_by_role("option", name=name).click()
    await dialog(page).get_by_label("Handover Note").fill("Call them on Monday")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_text(re.compile("To .*Joan Clarke.*, divided by POC"))).to_be_visible()
    await look(page, "bulk-hand-over")
    await page.get_by_role("button", name="Deactivate 1 user").click()
    await expect(page.get_by_text(re.compile("^Deactivated; 1 POC to "))).to_be_visible()

    later = await runs.draft(await factories.sign_in(grace), BulkKind.DEACTIVATE, those([hedy]))
    await page.goto(page.url.replace(str(bulk_id), str(later)))
    await page.get_by_role("button", name="Deactivate 1 user").click()
    await expect(page.get_by_role("heading", name="Work without anybody active")).to_be_visible()
    await look(page, "bulk-orphaned")
    await page.get_by_role("button", name="Hand over all").click()
    await dialog(page).get_by_role("combobox", name="Hand over to").fill("Joan")
    await dialog(page).get_by_role("option", name="Joan Clarke").click()
    await dialog(page).get_by_role("button", name="Hand over", exact=True).click()
    await expect(page.get_by_role("heading", name="Work without anybody active")).to_be_hidden()
    async with reading() as tx:
        owned = [poc.title for poc in await find_owned(tx, joan.id)]
    assert "Cold chain" in owned


async def test_templates_are_archived_and_brought_back_together_before_another_administrators_eyes(
    browsers: Browsers, tenant: Tenant
) -> None:
    admin = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    actor = await factories.sign_in(admin)
    for title in ("Call", "Names"):
        await templates.create_task(actor, TaskTemplateForm(title=title))
    gone = await templates.create_task(actor, TaskTemplateForm(title="Gone"))
    await templates.set_task_archived(actor, gone, 1, archived=True)
    path = f"/t/{tenant.slug}/templates/tasks"
    watching = await browsers.as_user(
        await factories.create_user(tenant, role=Role.ADMINISTRATOR), path
    )
    row = watching.get_by_role("row", name="Names")
    await expect(row).to_be_visible()
    page = await browsers.as_user(admin, f"{path}?archived=1")
    await _choose(page, "Call", "Gone", "Names")
    bar = page.get_by_role("toolbar", name="Acts on the 3 selected tasks")
    for name in ("Archive", "Restore", "Export"):
        await expect(bar.get_by_role("button", name=name, exact=True)).to_be_visible()
    await bar.get_by_role("button", name="Archive", exact=True).click()

    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Archive 3 task templates")
    await expect(page.get_by_text("They leave the groups that they are in.")).to_be_visible()
    await page.get_by_role("button", name="Show 1: is archived already").click()
    await look(page, "bulk-templates-preview")
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.get_by_role("button", name="Archive 2 task templates").click()
    await expect(heading).to_have_text("2 task templates archived")
    await expect(row).to_contain_text("Archived")
    await expect(page.get_by_role("cell", name="Skipped: archived already")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(heading).to_have_text("2 task templates restored")
    await page.get_by_role("link", name="All bulk acts").click()
    await expect(page.get_by_role("link", name="Archived: 2 of 3 task templates")).to_be_visible()


async def test_pocs_are_handed_over_together_to_one_person_before_their_eyes(
    browsers: Browsers, tenant: Tenant, ada: User, grace: User
) -> None:
    joan = await factories.create_user(tenant, first_name="Joan", last_name="Clarke")
    await create_poc(await factories.sign_in(ada), title="Amazonas Energia")
    await create_poc(await factories.sign_in(joan), title="Cold chain")
    path = f"/t/{tenant.slug}/pocs"
    watching = await browsers.as_user(joan, path)
    row = watching.get_by_role("row", name="Amazonas Energia")
    await expect(row).to_contain_text("Ada Lovelace")
    page = await browsers.as_user(ada, path)
    await _choose(page, "Amazonas Energia", "Cold chain")
    await page.get_by_role("button", name="Hand over", exact=True).click()
    await expect(dialog(page)).to_have_accessible_name("Hand over the selected POCs")
    await dialog(page).get_by_role("combobox", name="Owner").fill("Joan")
    await dialog(page).get_by_role("option", name="Joan Clarke").click()
    await dialog(page).get_by_label("Handover Note").fill("Call them on Monday")
    await dialog(page).get_by_role("button", name="Go on").click()

    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Hand over 2 POCs")
    await expect(page.get_by_text("New owner: Joan Clarke.")).to_be_visible()
    await expect(page.get_by_text("You aren’t a member of them.")).to_be_visible()
    await look(page, "bulk-pocs-preview")
    await page.get_by_role("button", name="Hand over 1 POC").click()
    await expect(heading).to_have_text("1 POC handed over")
    await expect(row).to_contain_text("Joan Clarke")
    await page.get_by_role("button", name="Undo").click()
    await expect(row).to_contain_text("Ada Lovelace")

    desk = await browsers.as_user(grace, path)
    await _choose(desk, "Amazonas Energia", "Cold chain")
    await desk.get_by_role("button", name="Reassign", exact=True).click()
    await dialog(desk).get_by_role("combobox", name="Owner").fill("Joan")
    await dialog(desk).get_by_role("option", name="Joan Clarke").click()
    await dialog(desk).get_by_role("button", name="Go on").click()
    await desk.get_by_role("button", name="Reassign 1 POC").click()
    await expect(row).to_contain_text("Joan Clarke")
