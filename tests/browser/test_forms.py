"""A form of every kind of field, and people who are chosen while others are deactivated."""

import asyncio

from playwright.async_api import FilePayload, Locator, Page, expect

from models import Role, Tenant, User
from services.access.actor import Actor
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers, fill
from tests.browser.forms_page import FILE_ID
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.browser.waiting import eventually

GREYED = """
(name) => [...document.querySelectorAll("[role=option][aria-disabled=true]")]
  .some((option) => option.textContent.includes(name))
"""


async def _open(browsers: Browsers, tenant: Tenant, user: User, **options: object) -> Page:
    page = await browsers.as_user(user, f"/t/{tenant.slug}/forms", **options)
    await page.get_by_role("button", name="+ New thing").click()
    await expect(dialog(page).get_by_label("Title")).to_be_focused()
    return page


def _pdf(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def _owner(page: Page) -> Locator:
    return dialog(page).get_by_role("combobox", name="Owner")


def _offered(page: Page) -> Locator:
    return page.get_by_role("option")


async def test_every_kind_of_field_is_filled_in_and_sent(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await _open(browsers, tenant, ada)
    form = dialog(page)
    await fill(form, title="Pilot", description="One\ntwo", end_date="2026-12-18", days="12")
    await form.get_by_role("radio", name="Active").check()
    await form.get_by_role("checkbox", name="Review").check()
    await form.get_by_role("checkbox", name="The customer has agreed").check()
    plan = _pdf("Plan für Ämter.pdf", b"%PDF")
    await form.get_by_label("Plan").set_input_files(plan)
    await expect(form.get_by_text("Plan für Ämter.pdf", exact=True)).to_be_visible()
    await _owner(page).fill("lovel")
    await _offered(page).filter(has_text="Ada Lovelace").click()
    await expect(_owner(page)).to_have_value("Ada Lovelace")
    await expect(form.get_by_text("Pilot: 1 templates")).to_be_visible()
    await form.get_by_role("button", name="Create thing").click()
    said = toast(page, f"owned by {ada.id}, with 0, by {FILE_ID}")
    await expect(said).to_contain_text(
        '{"title":"Pilot","description":"One\\ntwo","start_on":"2026-11-30",'
        '"end_on":"2026-12-18","days":12,"status":"active","templates":["review"],"agreed":true}'
    )


async def test_a_file_that_is_refused_says_why_and_another_can_be_chosen(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    browsers.allow("422")
    page = await _open(browsers, tenant, ada)
    field = dialog(page).get_by_label("Plan")
    await field.set_input_files(_pdf("no.pdf", b""))
    await expect(dialog(page).get_by_text("no.pdf is empty.")).to_be_visible()
    await field.set_input_files(_pdf("a.pdf", b"%PDF"))
    await expect(dialog(page).get_by_text("no.pdf is empty.")).to_have_count(0)
    await dialog(page).get_by_role("button", name="Remove file").click()
    await expect(field).to_be_visible()


async def test_what_is_missing_in_any_kind_of_field_is_said_together(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await _open(browsers, tenant, ada)
    form = dialog(page)
    await fill(form, end_date="2026-11-29", days="31")
    await form.get_by_role("button", name="Create thing").click()
    for sentence in (
        "Title is required.",
        "End Date can't be before Start Date.",
        "Days must be a whole number from 1 to 30.",
        "Choose a status.",
        "Choose an owner.",
    ):
        await expect(form.get_by_text(sentence)).to_be_visible()
    await expect(form.get_by_label("Title")).to_be_focused()


async def test_people_are_found_as_one_types_and_chosen_by_the_keyboard(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    await factories.create_user(tenant, first_name="Émile", last_name="Roux")
    await factories.create_user(tenant, first_name="Eva", last_name="Roux", active=False)
    builder = Role.ADMINISTRATOR
    await factories.create_user(tenant, role=builder, first_name="Ben", last_name="Roux")
    page = await _open(browsers, tenant, ada)
    await _owner(page).focus()
    await expect(_offered(page)).to_have_count(2)
    await page.keyboard.type("roux")
    await expect(_offered(page)).to_have_count(1)  # active, and of a role that has POCs
    await expect(_offered(page)).to_contain_text("Émile Roux")
    await page.keyboard.press("Enter")
    await expect(_owner(page)).to_have_value("Émile Roux")
    # Who types fast doesn't get whom the list had before.
    await _owner(page).press_sequentially("x")
    await _owner(page).fill("émile")
    await _owner(page).press("Enter")
    await expect(_owner(page)).to_have_value("Émile Roux")
    await expect(_owner(page)).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Escape")  # closes the list alone
    await expect(_offered(page)).to_have_count(0)
    await expect(_owner(page)).to_have_value("Émile Roux")

    # A press counts though the list changes before the button is released.
    await _owner(page).fill("")
    await expect(_offered(page)).to_have_count(2)
    box = await _offered(page).filter(has_text="Émile").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 9, box["y"] + box["height"] - 3)
    await page.mouse.down()
    before = len(browsers.frames)
    await _owner(page).fill("émile")
    await eventually(lambda: any("showPeople" in frame for frame in browsers.frames[before:]))
    await page.evaluate("() => new Promise(requestAnimationFrame)")
    await page.mouse.up()
    await expect(_owner(page)).to_have_value("Émile Roux")

    members = dialog(page).get_by_role("combobox", name="Members")
    for name in ("Ben", "Émile"):
        await members.fill(name)
        await expect(_offered(page)).to_have_count(1)
        await members.press("Enter")
    chosen = dialog(page).get_by_role("list", name="Members").get_by_role("listitem")
    await expect(chosen).to_contain_text(["Ben Roux", "Émile Roux"])
    await dialog(page).get_by_role("button", name="Remove Ben Roux").click()
    await expect(chosen).to_contain_text(["Émile Roux"])


async def test_who_is_chosen_of_two_people_of_one_name_is_told_by_their_email(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    one, two = [
        await factories.create_user(
            tenant, first_name="Alice", last_name="Kovacs", email=f"{mailbox}@nordwind.example"
        )
        for mailbox in ("alice.of.the.customers.in.northern.europe.and.overseas", "alice")
    ]
    page = await _open(browsers, tenant, ada)
    await _owner(page).fill("kovacs")
    await _offered(page).filter(has_text=two.email).click()
    await expect(_owner(page)).to_have_value("Alice Kovacs")
    await expect(_owner(page)).to_have_accessible_description(two.email)
    shown = dialog(page).get_by_role("paragraph").filter(has_text=two.email)
    await expect(shown).to_be_visible()

    members = dialog(page).get_by_role("combobox", name="Members")
    await members.fill("kovacs")
    await _offered(page).filter(has_text=one.email).click()
    said = dialog(page).get_by_role("status").filter(has_text=one.email)
    await expect(said).to_have_text(f"Alice Kovacs, {one.email}")
    chosen = dialog(page).get_by_role("list", name="Members").get_by_role("listitem")
    await expect(chosen).to_contain_text([f"Alice Kovacs {one.email}"])
    await expect(chosen.get_by_role("button")).to_have_accessible_name(
        f"Remove Alice Kovacs, {one.email}"
    )
    await look(page, "form-chosen")


async def test_who_is_deactivated_while_a_form_is_open_leaves_the_choices(
    browsers: Browsers, tenant: Tenant, ada: User, admin: Actor
) -> None:
    bob = await factories.create_user(tenant, first_name="Bob", last_name="Bell")
    eve = await factories.create_user(tenant, first_name="Eve", last_name="Bell")
    page = await _open(browsers, tenant, ada)
    await _owner(page).fill("bell")
    await expect(_offered(page)).to_have_count(2)
    # The page itself looks for it: it shows for two seconds, which a busy machine may look past.
    greyed = asyncio.create_task(page.wait_for_function(GREYED, arg="Bob Bell"))
    await accounts.set_active(admin, bob.id, False)
    await greyed
    await expect(_offered(page)).to_have_count(1)
    await _offered(page).filter(has_text="Eve Bell").click()
    await accounts.set_active(admin, eve.id, False)
    left = dialog(page).get_by_text("Eve Bell can’t be chosen any more. Choose somebody else.")
    await expect(left).to_be_visible()
    await expect(_owner(page)).to_have_value("")
    await accounts.set_active(admin, bob.id, True)
    await _owner(page).fill("bell")
    await expect(_offered(page).filter(has_text="Bob Bell")).to_be_visible()


async def test_a_form_and_its_list_of_people_are_accessible_at_every_width(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await _open(browsers, tenant, ada)
    await dialog(page).get_by_role("button", name="Create thing").click()
    await expect(dialog(page).get_by_text("Choose an owner.")).to_be_visible()
    await _owner(page).click()  # the focus alone leaves what is wrong in sight
    await expect(_offered(page)).to_have_count(1)
    await look(page, "form")
