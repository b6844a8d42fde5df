"""The invitation form says what is wrong as soon as it is known, and sends once."""

import re

from playwright.async_api import Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers, fill, mail_to
from tests.browser.grid import Grid, dialog
from tests.mail_server import MailServer


async def _open_form(browsers: Browsers, user: User, tenant: Tenant) -> Page:
    page = await browsers.as_user(user, f"/t/{tenant.slug}/users")
    await page.get_by_role("button", name="+ Invite User").click()
    await expect(dialog(page).get_by_label("First Name")).to_be_focused()
    return page


async def test_each_field_says_what_is_wrong_while_it_is_filled_in(
    browsers: Browsers, tenant: Tenant, other_tenant: Tenant, grace: User
) -> None:
    stranger = await factories.create_user(other_tenant)
    page = await _open_form(browsers, grace, tenant)
    form = dialog(page)
    for label in ("First Name", "Last Name", "Email"):
        await form.get_by_label(label).focus()
        await page.keyboard.press("Tab")
        await expect(form.get_by_text(f"{label} is required.")).to_be_visible()

    email = form.get_by_label("Email")
    for wrong in ("ada", "ada@", "ada@@example.com"):
        await email.fill(wrong)
        await expect(email).to_have_attribute("aria-invalid", "true")
    taken = "This email is already in use."
    for written in (grace.email, grace.email.upper()):
        await email.fill("")
        await expect(form.get_by_text(taken)).to_have_count(0)
        await email.fill(written)
        await expect(form.get_by_text(taken)).to_be_visible()
    await email.fill(stranger.email)  # another organisation's: told at the sending alone
    await expect(form.get_by_text(taken)).to_have_count(0)
    await email.fill("ada@bücher.example")
    await expect(email).not_to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_text(taken)).to_have_count(0)

    await form.get_by_label("First Name").fill("x" * 201)
    await expect(form.get_by_text("First Name can have 200 characters at most.")).to_be_visible()
    await form.get_by_role("button", name="Send Invitation").click()
    await expect(form.get_by_text("Choose a role.")).to_be_visible()
    await expect(form.get_by_label("First Name")).to_be_focused()
    # Chromium tells scripts the domain in its ASCII form, and shows what was typed.
    await expect(form.get_by_label("Email")).to_have_value("ada@xn--bcher-kva.example")
    await expect(form.get_by_label("Role").locator("option")).to_have_text(
        ["Choose…", "Administrator", "Sales Engineer"]
    )


async def test_the_form_is_on_the_page_while_it_is_open_and_comes_back_empty(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _open_form(browsers, grace, tenant)
    await dialog(page).get_by_label("First Name").fill("Ada")
    await page.keyboard.press("Escape")
    await dialog(page).get_by_role("button", name="Discard").click()
    await expect(page.locator("dialog")).to_have_count(0)
    invite = page.get_by_role("button", name="+ Invite User")
    await expect(invite).to_be_focused()
    await invite.press("Enter")
    await expect(dialog(page).get_by_label("First Name")).to_have_value("")
    await dialog(page).get_by_role("button", name="Cancel").click()
    await expect(page.locator("dialog")).to_have_count(0)


async def test_a_half_typed_form_asks_before_it_is_dropped(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _open_form(browsers, grace, tenant)
    form = dialog(page)
    name = form.get_by_label("First Name")
    await name.fill("Ada")
    await page.keyboard.press("Escape")
    question = form.get_by_role("alert").get_by_text("Discard what you filled in?")
    await expect(question).to_be_visible()
    keep = form.get_by_role("button", name="Keep editing")
    await expect(keep).to_be_focused()
    await page.keyboard.press("Escape")  # no to the question, not to the form
    await expect(question).to_have_count(0)
    await expect(name).to_be_focused()
    await expect(name).to_have_value("Ada")
    await form.get_by_role("button", name="Cancel").click()
    await keep.click()
    await name.fill("")  # nothing to lose any more
    await form.get_by_role("button", name="Cancel").click()
    await expect(page.locator("dialog")).to_have_count(0)


async def test_what_is_wrong_is_told_together_with_what_only_the_database_knows(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _open_form(browsers, grace, tenant)
    await fill(dialog(page), first_name="Ada", last_name="King", email=grace.email)
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    await expect(dialog(page).get_by_text("Choose a role.")).to_be_visible()
    await expect(dialog(page).get_by_text("This email is already in use.")).to_be_visible()


async def test_roles_are_described_where_one_is_chosen(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _open_form(browsers, grace, tenant)
    role = dialog(page).get_by_label("Role")
    described = re.compile(
        "It can’t be changed later. Administrator Makes templates, and sees all POCs"
    )
    await expect(role).to_have_accessible_description(described)
    await expect(dialog(page).get_by_text("Runs POCs with customers.")).to_be_visible()


async def test_after_an_invitation_the_next_one_is_a_click_away(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _open_form(browsers, grace, tenant)
    email = f"next@{tenant.slug}.example.com"
    await fill(dialog(page), first_name="A", last_name="B", email=email, role="Administrator")
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    await page.get_by_role("button", name="Invite another").click()
    await expect(dialog(page).get_by_label("First Name")).to_be_focused()
    await expect(dialog(page).get_by_label("Email")).to_have_value("")


async def test_inviting_a_former_user_again_says_what_it_means(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await accounts.set_active(admin, ada.id, False)
    page = await _open_form(browsers, grace, tenant)
    await fill(
        dialog(page), first_name="Ada", last_name="King", email=ada.email, role="Administrator"
    )
    note = dialog(page).get_by_text("Ada Lovelace was deactivated less than a day ago")
    await expect(note).to_contain_text("as Sales Engineer; this makes a new account.")
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    grid = Grid(page)
    await expect(grid.chip("Ada King", "Invited")).to_be_visible()
    await grid.expect_inactive("Ada Lovelace")
    newer = page.get_by_role("link", name="New account of Ada Lovelace")
    invited = page.get_by_role("link", name="Ada King", exact=True)
    await expect(newer).to_have_attribute("href", await invited.get_attribute("href") or "")
    await grid.switch("Ada Lovelace").click()
    refusal = page.get_by_role("alert").get_by_text("belongs to a newer active account")
    await expect(refusal).to_be_visible()
    await grid.expect_inactive("Ada Lovelace")


async def test_two_clicks_on_send_make_one_account(
    browsers: Browsers, tenant: Tenant, grace: User, mail_server: MailServer
) -> None:
    page = await _open_form(browsers, grace, tenant)
    email = f"hedy@{tenant.slug}.example.com"
    await fill(
        dialog(page), first_name="Hedy", last_name="Lamarr", email=email, role="Administrator"
    )
    await dialog(page).get_by_role("button", name="Send Invitation").dblclick()
    grid = Grid(page)
    await expect(grid.chip("Hedy Lamarr", "Invited")).to_be_visible()
    await mail_to(mail_server, email)
    await page.reload()
    await expect(grid.row("Hedy Lamarr")).to_have_count(1)
    await expect(grid.counts).to_contain_text("2 users")
    assert len(mail_server.to(email)) == 1


async def test_a_refused_mail_is_told_in_the_list_with_the_servers_own_words(
    browsers: Browsers, tenant: Tenant, grace: User, mail_server: MailServer
) -> None:
    page = await _open_form(browsers, grace, tenant)
    email = f"nobody@{tenant.slug}.example.com"
    mail_server.refused[email] = "550 No such person here"
    await fill(dialog(page), first_name="No", last_name="Body", email=email, role="Administrator")
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    failed = Grid(page).row("No Body").get_by_text("Mail failed")
    await expect(failed).to_be_visible()
    assert "No such person here" in str(await failed.get_attribute("title"))
