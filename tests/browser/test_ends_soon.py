"""Ends soon, and the first day, in the browser."""

import re
from datetime import timedelta

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import transaction
from services.tenants import organisation
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import factories
from tests.browser.browsers import Browsers, fill, link_in, mail_to
from tests.browser.grid import choose_more, dialog, toast
from tests.browser.looks import look
from tests.factories import PASSWORD
from tests.mail_server import MailServer
from tests.services.organisation_calls import picture


async def test_an_end_is_extended_at_once_and_back_by_undo_on_a_live_page(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("navigation", name="Users").get_by_role("link", name="Ends soon").click()
    await expect(page.get_by_text("Nothing ends within 30 days.")).to_be_visible()
    day = clock.now().date() + timedelta(days=20)
    await accounts.set_end_date(admin, ada.id, day)
    form = InvitationForm(
        first_name="Hedy",
        last_name="Lamarr",
        email=f"hedy@{tenant.slug}.example.com",
        role="sales_engineer",
    )
    await invitations.invite(admin, form)
    row = page.get_by_role("listitem").filter(has_text=ada.full_name)
    await expect(row).to_contain_text(f"{day:%-d %B}")
    await expect(row.get_by_title(ada.role.label)).to_be_visible()  # it may be shortened
    await expect(page.get_by_role("button", name="All 2")).to_be_visible()
    await look(page, "ends-soon")
    await row.get_by_role("button", name="Extend by a month").dblclick()
    await expect(page.get_by_role("button", name="All 1")).to_be_visible()
    await expect(row).to_contain_text(f"was {day:%-d %B %Y}")  # it stays where it was pressed
    await expect(row.get_by_role("button", name="Extend by a month")).to_have_count(0)
    await row.get_by_role("button", name="Undo").click()
    await expect(row).to_contain_text(f"{day:%-d %B}")
    await row.get_by_role("button", name="Extend by a month").click()
    await expect(row.get_by_role("button", name="Extended")).to_be_visible()
    await page.get_by_role("button", name="People 0").click()
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="Undo", exact=True).last.click()
    await expect(row).to_contain_text(f"{day:%-d %B}")
    await page.get_by_label("Within").select_option("7 days")
    await expect(row).to_have_count(0)
    await expect(page.get_by_text("Nothing ends within 7 days.")).to_be_visible()


async def test_a_calendars_address_is_shown_after_a_fresh_sign_in_and_revoked(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/ends-soon")
    await page.get_by_role("button", name="Make an address").click()
    await dialog(page).get_by_role("button", name="Show the address").click()
    url = await dialog(page).get_by_role("textbox").input_value()
    answer = await page.request.get(url)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "BEGIN:VCALENDAR" in await answer.text()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Revoke the calendar address").click()
    await dialog(page).get_by_role("button", name="Revoke").click()
    await expect(toast(page, "The calendar address is dead.")).to_be_visible()
    assert (await page.request.get(url)).status >= 400


async def test_somebody_invited_with_a_note_finds_it_and_their_contact_at_the_first_sign_in(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, mail_server: MailServer
) -> None:
    async with transaction() as tx:
        row = await tx.get_one(Tenant, tenant.id)
        row.welcome_text = "Good to have you here."
        row.documentation_url = "https://docs.example.com/poc"
        row.brand_colour = "#12b3b3"
    jean = await factories.create_user(tenant, first_name="Jean", last_name="Bartik")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("button", name="+ Invite User").click()
    form, email = dialog(page), f"lea@{tenant.slug}.example.com"
    day = clock.now().date() + timedelta(days=90)
    await fill(form, first_name="Léa", last_name="Fontaine", email=email, role="Sales Engineer")
    await fill(form, end_date=day.isoformat(), end_time="18:00", personal_note="See you Thursday.")
    contact = form.get_by_role("combobox", name="Point of Contact")
    await contact.fill("jean")
    await form.get_by_role("option", name=jean.full_name).click()
    await accounts.set_active(await factories.sign_in(grace), jean.id, active=False)
    gone = f"{jean.full_name} can’t be chosen any more. Choose somebody else."
    await expect(form.get_by_text(gone)).to_be_visible()
    await contact.fill("ada")
    await form.get_by_role("option", name=ada.full_name).click()
    await form.get_by_role("button", name="Send Invitation").click()
    await expect(toast(page, "Léa Fontaine is invited.")).to_be_visible()
    await mail_to(mail_server, ada.email)

    newcomer = await browsers.stranger(link_in(await mail_to(mail_server, email)))
    await newcomer.get_by_label("Password", exact=True).fill(PASSWORD)
    await newcomer.get_by_role("button", name="Set password and sign in").click()
    heading = newcomer.get_by_role("heading", name=f"Welcome to {tenant.name}, Léa")
    await expect(heading).to_be_visible()
    for said in ("See you Thursday.", "Good to have you here.", "docs.example.com/poc"):
        await expect(newcomer.get_by_text(said)).to_be_visible()
    await expect(newcomer.get_by_text(f"Your access ends on {day:%-d %B %Y}")).to_be_visible()
    step = newcomer.get_by_role("link", name="+ New POC")
    await expect(step).to_have_css("background-color", "rgb(13, 126, 126)")
    await expect(newcomer.locator(".welcome-head img")).to_have_count(0)
    await organisation.set_logo(await factories.sign_in(grace), picture(size=(80, 80)))
    logo = newcomer.locator(".welcome-head img")
    await expect(logo).to_have_attribute("src", re.compile(f"^/t/{tenant.slug}/logo"))
    await expect(newcomer.get_by_text("Sales Engineer, not here now")).to_be_visible()
    await browsers.as_user(ada, f"/t/{tenant.slug}/home")
    await expect(newcomer.get_by_text("Sales Engineer, here now")).to_be_visible()
    await look(newcomer, "welcome")
    await step.click()
    await expect(dialog(newcomer)).to_have_accessible_name("New POC")


async def test_pasted_emails_lead_to_a_result_for_each(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await choose_more(page, "Invite several")
    await fill(dialog(page), people="ada@example.com", role="Administrator")
    send = dialog(page).get_by_role("button", name="Send Invitations")
    await send.click()
    await expect(dialog(page)).to_contain_text("Write a first and a last name")
    people = f"Hedy Lamarr <hedy@{tenant.slug}.example.com>\nAda Lovelace <{ada.email}>"
    await fill(dialog(page), people=people)
    await send.click()
    await expect(page.get_by_role("heading", name="1 person invited")).to_be_visible()
    await expect(page.get_by_role("table", name="Invited people")).to_contain_text("Hedy Lamarr")
    failed = page.get_by_role("table", name="Rows that weren't invited")
    await expect(failed).to_contain_text(ada.email)
    await expect(failed.get_by_role("columnheader")).to_have_text(["Who", "Why not"])
