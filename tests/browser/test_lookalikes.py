"""Who is meant: people whose names look alike are told apart before something is done to them."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from models import Comment, Side, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import transaction
from services.users import accounts
from services.workspace import comments, members, tasks
from services.workspace.comments import NewCommentForm
from services.workspace.tasks import TaskForm
from tests import books, factories
from tests.browser.browsers import Browsers
from tests.browser.grid import Grid, dialog, toast
from tests.browser.looks import INDENT, LINES, look
from tests.browser.server import Server
from tests.replicas.people import Visitor
from tests.services.workspace.rows import create_rows
from tests.services.workspace.scene import create_poc

CYRILLIC_A = "\N{CYRILLIC CAPITAL LETTER A}"


async def test_a_dialog_shows_the_email_of_whom_it_is_about(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    for email in ("alice.one@nordwind.example", "alice.two@nordwind.example"):
        await _alice(tenant, email=email)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    for email in ("alice.one@nordwind.example", "alice.two@nordwind.example"):
        await _row(page, email).get_by_role("switch").click()
        await expect(dialog(page)).to_have_accessible_name("Deactivate Alice Kovacs?")
        await expect(dialog(page)).to_contain_text(email)
        await dialog(page).get_by_role("button", name="Cancel").click()
        await expect(dialog(page)).to_be_hidden()


async def test_a_dialog_isolates_the_email_from_the_direction_of_its_text(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    alice = await _alice(
        tenant, email="\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}@nordwind.example"
    )
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _row(page, alice.email).get_by_role("switch").click()
    await expect(dialog(page).locator(".dialog-about bdi")).to_have_text(alice.email)


async def test_a_dialog_begins_a_name_that_is_read_from_the_right_where_the_email_begins(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    david = await factories.create_user(
        tenant,
        first_name="\N{HEBREW LETTER DALET}",
        last_name="\N{HEBREW LETTER VAV}",
        invited=True,
    )
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{david.id}")
    await page.get_by_role("button", name="Copy invitation link").click()
    about = dialog(page).locator(".dialog-about bdi")
    await expect(about).to_have_text([david.full_name, david.email])
    indents = [await one.evaluate(INDENT) for one in await about.all()]
    assert max(indents) < 2


async def test_a_name_that_mixes_scripts_is_marked_in_grid_details_and_dialog(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    alice = await _alice(tenant, first_name=f"{CYRILLIC_A}lice")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    row = _row(page, alice.email)
    await expect(row.get_by_text("Mixed letters")).to_have_attribute(
        "title",
        "This name mixes Cyrillic and Latin letters, which can look alike. Compare the email.",
    )
    await row.get_by_role("switch").click()
    await expect(dialog(page)).to_contain_text("This name mixes Cyrillic and Latin letters")
    await dialog(page).get_by_role("button", name="Cancel").click()
    await row.get_by_role("link").click()
    await expect(page.get_by_text("Mixed letters")).to_be_visible()


async def test_so_is_that_of_somebody_at_a_customers_in_both_their_lists(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    poc = await create_poc(await factories.sign_in(ada), "Offline scanning")
    person = await factories.create_customer(tenant, poc, first_name=f"{CYRILLIC_A}lice")
    for user, path in ((grace, "customers"), (ada, f"pocs/{poc}/people")):
        page = await browsers.as_user(user, f"/t/{tenant.slug}/{path}")
        row = page.get_by_role("row").filter(has_text=person.email)
        await expect(row.get_by_text("Mixed letters")).to_have_attribute(
            "title", re.compile("mixes Cyrillic and Latin letters")
        )
        await look(page, f"mixed-{path.partition('/')[0]}")


async def test_names_and_their_marks_fit_their_column_in_the_least_window_that_has_columns(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    alice = await _alice(tenant, first_name=f"{CYRILLIC_A}lice")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.set_viewport_size({"width": 861, "height": 800})
    for email in (grace.email, alice.email):
        name = _row(page, email).locator(".col-name")
        for part in (name, name.locator(".name-link")):
            assert not await part.evaluate("it => it.scrollWidth > it.clientWidth")


async def test_the_audit_log_says_whose_name_needs_a_close_look(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    mixed = await _alice(tenant, first_name=f"{CYRILLIC_A}lice", email="mixed@nordwind.example")
    one, two = [await _alice(tenant, email=f"{name}@nordwind.example") for name in ("one", "two")]
    for user in (mixed, one):
        await accounts.set_active(admin, user.id, active=False)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows.locator("bdi")).to_have_text([one.email, mixed.email])
    await expect(rows.last.get_by_text("Mixed letters")).to_have_attribute(
        "title",
        "This name mixes Cyrillic and Latin letters, which can look alike. Compare the email.",
    )
    await accounts.set_active(admin, two.id, active=False)
    await expect(rows.first.locator("bdi")).to_have_text(two.email)
    await look(page, "audit-alike")


async def test_an_email_in_the_log_stands_below_its_name_and_breaks_behind_its_at(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    email = "alice.kovacs@nordwind.example"
    alice = await _alice(tenant, first_name=f"{CYRILLIC_A}lice", email=email)
    await accounts.set_active(admin, alice.id, active=False)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    row = page.locator("tbody").get_by_role("row")
    shown = row.locator("bdi")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await expect(shown).to_have_text(email)
    assert await shown.evaluate(LINES) == ["alice.kovacs@", "nordwind.example"]
    await page.set_viewport_size({"width": 390, "height": 844})
    below, beside = await shown.bounding_box(), await row.locator(".col-from").bounding_box()
    assert below is not None
    assert beside is not None
    assert beside["y"] >= below["y"] + below["height"]


async def test_who_has_a_task_already_is_shown_with_the_email_where_others_are_chosen(
    browsers: Browsers, tenant: Tenant
) -> None:
    one = await _alice(tenant, email="has.it@nordwind.example")
    rows = await create_rows(tenant.id, one.id)
    owner = await factories.sign_in(one)
    await tasks.edit_task(owner, rows.task, 1, TaskForm(title="Trial", side=Side.CUSTOMER))
    await tasks.assign(owner, rows.task, 2, (one.id,), (rows.customer,))
    page = await browsers.as_user(one, f"/t/{tenant.slug}/pocs/{rows.poc}")
    await page.get_by_role("button", name="More for Trial").click()
    await page.get_by_role("button", name="Assign", exact=True).click()
    await expect(dialog(page)).to_have_accessible_name("Who does “Trial”?")
    team, outside = [dialog(page).locator(".people-chosen").nth(at) for at in (0, 1)]
    await expect(team.locator("bdi")).to_have_text(["Alice Kovacs", one.email])
    email = f"{rows.customer.hex}@helvetia.example"
    await expect(outside.locator("bdi")).to_have_text(["Reto Bianchi", email])


async def test_comments_say_by_the_email_who_wrote_them_where_names_look_alike(
    browsers: Browsers, tenant: Tenant, admin: Actor
) -> None:
    one, two = [await _alice(tenant) for _ in range(2)]
    rows = await create_rows(tenant.id, one.id)
    owner = await factories.sign_in(one)
    page = await browsers.as_user(two, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    heads = page.locator(".comment-head")
    await expect(heads.locator("bdi")).to_have_text([one.email])
    await comments.post(owner, rows.poc, NewCommentForm(body="Live"))
    await expect(heads.locator("bdi")).to_have_text([one.email, one.email])
    await accounts.rename(admin, one.id, f"{CYRILLIC_A}da", "Lovelace")
    await expect(heads.first.get_by_text("Mixed letters")).to_be_visible()
    await accounts.rename(admin, one.id, "Mary", "Jackson")
    await expect(heads.locator("bdi")).to_have_count(0)


async def test_who_takes_the_name_of_one_who_commented_has_that_one_told_apart_at_once(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    alice = await _alice(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    heads = page.locator(".comment-head")
    await expect(heads).to_have_count(1)
    await accounts.rename(admin, alice.id, ada.first_name, ada.last_name)
    await expect(heads.locator("bdi")).to_have_text([ada.email])  # Alice has said nothing
    await members.add_member(await factories.sign_in(ada), rows.poc, alice.id)
    await comments.post(await factories.sign_in(alice), rows.poc, NewCommentForm(body="Live"))
    await expect(heads.locator("bdi")).to_have_count(2)
    await accounts.rename(admin, alice.id, "Alice", "Kovacs")
    await expect(heads.filter(has_text="Alice Kovacs")).to_have_count(1)
    await expect(heads.locator("bdi")).to_have_count(0)


async def test_who_gives_the_name_up_again_without_a_comment_has_that_one_told_apart_no_more(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    alice = await _alice(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    emails = page.locator(".comment-head bdi")
    await accounts.rename(admin, alice.id, ada.first_name, ada.last_name)
    await expect(emails).to_have_text([ada.email])
    await accounts.rename(admin, alice.id, "Alice", "Kovacs")
    await expect(emails).to_have_count(0)


async def test_comments_that_were_asked_for_stay_when_emails_have_to_be_shown(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    alice = await _alice(tenant)
    by_ada: dict[str, Any] = {"tenant_id": tenant.id, "poc_id": rows.poc, "author_id": ada.id}
    async with transaction() as tx:
        for number in range(1, 26):
            tx.add(Comment(**by_ada, body=f"Number {number}.", created_at=clock.now()))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    first = page.get_by_text("Number 1.", exact=True)
    await expect(page.get_by_text("Number 25.", exact=True)).to_be_visible()
    await expect(first).to_have_count(0)
    await page.get_by_role("button", name="Show earlier comments").click()
    await expect(first).to_be_visible()
    await accounts.rename(admin, alice.id, ada.first_name, ada.last_name)
    heads = page.locator(".comment-head")
    await expect(heads.filter(has=page.get_by_text(ada.email))).to_have_count(26)
    await expect(first).to_be_visible()


async def test_so_has_who_had_the_name_before_the_page_was_opened(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    alice = await _alice(tenant, first_name=ada.first_name, last_name=ada.last_name)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    emails = page.locator(".comment-head bdi")
    await expect(emails).to_have_text([ada.email])
    await accounts.rename(admin, alice.id, "Alice", "Kovacs")
    await expect(emails).to_have_count(0)


async def test_a_name_from_before_that_turns_the_text_around_turns_its_own_alone(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    turned = await _alice(tenant, first_name="Ada \N{RIGHT-TO-LEFT OVERRIDE}nimdA")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _row(page, turned.email).get_by_role("switch").click()
    title = dialog(page).get_by_role("heading")
    await expect(title.locator("bdi")).to_have_text("Ada [U+202E]nimdA Kovacs")
    question = await title.evaluate(
        "title => { const range = document.createRange(); "
        " const text = [...title.childNodes].find((node) => node.data === '?');"
        " range.selectNodeContents(text); const bdi = title.querySelector('bdi');"
        " return range.getBoundingClientRect().left >= bdi.getBoundingClientRect().right - 1; }"
    )
    assert question, "the question mark stands after the name"


async def test_what_is_told_after_an_act_hides_nothing_of_a_name_from_before(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    turned = await _alice(tenant, first_name="Ada \N{RIGHT-TO-LEFT OVERRIDE}nimdA")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _row(page, turned.email).get_by_role("switch").click()
    await dialog(page).get_by_role("button", name="Deactivate").click()
    await expect(toast(page, "Ada [U+202E]nimdA Kovacs is deactivated.")).to_be_visible()


async def test_an_answer_about_somebody_else_than_was_asked_for_changes_nobody(
    server: Server, tenant: Tenant, grace: User, ada: User
) -> None:
    alice = await _alice(tenant, email="alice@nordwind.example")
    visitor = await Visitor.of(grace, server.url)
    tab = await visitor.open(f"/t/{tenant.slug}/users")
    await tab.act("toggle", {"id": str(alice.id), "active": False, "version": 1})
    await tab.says("alice@nordwind.example")  # the question, in its dialog
    # The server asks about Alice; the page still shows the question before, about Ada.
    await tab.act("submit", {"about:opening": 0})
    await tab.says("what you sent was for what was open here before")
    assert (await books.user_of(alice.id)).active
    await tab.act("submit", {})
    await tab.says("Alice Kovacs is deactivated.")
    assert (await books.user_of(ada.id)).active
    await tab.sio.disconnect()


def _row(page: Page, email: str) -> Locator:
    return Grid(page).rows.filter(has_text=email)


async def _alice(
    tenant: Tenant,
    first_name: str = "Alice",
    last_name: str = "Kovacs",
    email: str | None = None,
) -> User:
    return await factories.create_user(
        tenant, first_name=first_name, last_name=last_name, email=email
    )
