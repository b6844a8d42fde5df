"""One user's details: what is known of them, and the actions that fit."""

import re
from datetime import timedelta

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests.browser.browsers import Browsers, connected, fill, link_in, mail_to
from tests.browser.grid import Grid, dialog, toast
from tests.browser.looks import look
from tests.mail_server import MailServer


async def test_a_corrected_name_and_an_end_date_show_everywhere(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User, ada: User
) -> None:
    elsewhere = Grid(await browsers.as_user(alan, f"/t/{tenant.slug}/users"))
    await elsewhere.mark()
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("link", name="Ada Lovelace").click()
    await expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    await connected(page)

    await page.get_by_role("button", name="Edit name").click()
    await expect(dialog(page).get_by_label("First Name")).to_have_value("Ada")
    await fill(dialog(page), last_name=" ")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page).get_by_text("Last Name is required.")).to_be_visible()
    await fill(dialog(page), last_name="<b>King</b> & {{ Noel }}")
    await dialog(page).get_by_role("button", name="Save").click()
    name = "Ada <b>King</b> & {{ Noel }}"
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await expect(elsewhere.row(name)).to_be_visible()
    history = page.get_by_role("table", name="History")
    await expect(history).to_contain_text("was Ada Lovelace")

    await page.get_by_role("button", name="End date").click()
    await fill(dialog(page), end_date="2001-01-01")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page).get_by_text("Choose a day after today")).to_be_visible()
    day = clock.now().date() + timedelta(days=40)
    await fill(dialog(page), end_date=day.isoformat())
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(toast(page, f"The account ends on {day:%-d %B %Y}.")).to_be_visible()
    await expect(page.locator(".fact").filter(has_text="End date")).to_contain_text(f"{day:%Y}")
    await expect(elsewhere.row(name)).to_contain_text(f"until {day.day} ")
    await elsewhere.expect_the_same()


async def test_an_open_page_tells_how_far_a_mail_is(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, mail_server: MailServer
) -> None:
    mail_server.may_answer.clear()
    try:
        invited = await invitations.invite(
            admin,
            InvitationForm(
                first_name="Radia",
                last_name="Perlman",
                email=f"radia@{tenant.slug}.example.com",
                role="sales_engineer",
            ),
        )
        grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users"))
        page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{invited.user_id}")
        mail = page.locator(".mail-list li")
        await expect(mail).to_contain_text("waiting for the mail server’s answer since")
        await expect(grid.row("Radia Perlman")).to_contain_text("hasn’t answered yet")
        mail_server.may_answer.set()
        await expect(mail).to_contain_text("delivered to the mail server")
        await expect(grid.row("Radia Perlman")).not_to_contain_text("mail")
    finally:
        mail_server.may_answer.set()


async def test_an_invitation_is_resent_and_its_link_copied(
    browsers: Browsers,
    tenant: Tenant,
    grace: User,
    admin: Actor,
    mail_server: MailServer,
) -> None:
    form = InvitationForm(
        first_name="Hedy",
        last_name="Lamarr",
        email=f"hedy@{tenant.slug}.example.com",
        role="sales_engineer",
    )
    invited = await invitations.invite(admin, form)
    first = link_in(await mail_to(mail_server, form.email))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{invited.user_id}")
    await expect(page.get_by_text("Invited", exact=True).first).to_be_visible()
    await expect(page.locator(".fact").filter(has_text="Invited")).to_contain_text("Grace Hopper")
    await expect(page.locator(".mail-list li")).to_contain_text("delivered to the mail server")

    await page.get_by_role("button", name="Resend invitation").click()
    await expect(toast(page, f"A new invitation is on its way to {form.email}.")).to_be_visible()
    second = link_in(await mail_to(mail_server, form.email, 2))
    assert second != first
    await expect(page.locator(".mail-list li")).to_have_count(2)

    await page.get_by_role("button", name="Copy invitation link").click()
    link = dialog(page).get_by_label("Link", exact=True)
    await expect(link).to_have_value(second)
    await dialog(page).get_by_role("button", name="Renew the link").click()
    await expect(
        dialog(page).get_by_text("This is the new link; the old one is dead.")
    ).to_be_visible()
    await expect(link).not_to_have_value(second)
    third = await link.input_value()
    assert third not in {first, second}
    await dialog(page).get_by_role("button", name="Done").click()
    await expect(page.get_by_role("button", name="Copy invitation link")).to_be_focused()

    newcomer = await browsers.stranger(third)
    await fill(newcomer, password="signals that hop about")
    await newcomer.get_by_role("button", name="Set password and sign in").click()
    await expect(page.get_by_role("button", name="Resend invitation")).to_have_count(0)
    await expect(page.locator(".session-list li")).to_have_count(1)
    await expect(page.get_by_role("table", name="History")).to_contain_text("Invitation accepted")


async def test_the_details_deactivate_and_activate(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    switch = page.locator(".actions").get_by_role("button", name=re.compile("^(Dea|A)ctivate$"))
    await switch.click()
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    deactivated = page.locator(".fact").filter(has_text="Deactivated")
    await expect(deactivated).to_contain_text("Grace Hopper")
    await expect(switch).to_have_text("Activate")
    await expect(switch).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(toast(page, "Ada Lovelace is active again.").last).to_be_visible()
    await expect(switch).to_have_text("Deactivate")
    await expect(switch).to_be_focused()
    await page.goto(f"/t/{tenant.slug}/users/{grace.id}")
    await expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    await expect(page.get_by_role("button", name="Deactivate", exact=True)).to_have_count(0)


async def test_an_open_form_says_what_another_admin_has_changed_and_keeps_what_was_typed(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await page.get_by_role("button", name="Edit name").click()
    await fill(dialog(page), last_name="Byron")
    await accounts.rename(admin, ada.id, "Augusta", "King")
    change = dialog(page).get_by_role("status").filter(has_text="is called")
    await expect(change).to_have_text("Ada Lovelace is called Augusta King now.")
    await expect(dialog(page).get_by_label("Last Name")).to_have_value("Byron")
    await look(page, "edit-name-meanwhile")
