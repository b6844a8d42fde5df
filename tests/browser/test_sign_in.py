"""The ways to a session: a forgotten password, a wrong url, and an email that was typed already."""

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.database.runtime import Runtime
from services.users import accounts
from tests.browser.browsers import (
    HOME,
    Browsers,
    expect_signed_out,
    fill,
    link_in,
    mail_to,
    sign_in,
)
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.factories import PASSWORD
from tests.mail_server import MailServer

NEW = "an entirely different sentence"


async def test_an_admin_copies_a_password_link_and_its_user_is_in(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await page.get_by_role("button", name="Password link").click()
    await expect(dialog(page)).to_contain_text("Password link for Ada Lovelace")
    await look(page, "password-link-question")
    await fill(dialog(page), hand_it_over="As a link that I copy")
    await dialog(page).get_by_role("button", name="Make the link").click()
    link = await dialog(page).get_by_label("Link", exact=True).input_value()
    await look(page, "password-link")
    await dialog(page).get_by_role("button", name="Done").click()
    history = page.get_by_role("table", name="History")
    await expect(history).to_contain_text("Password link copied")

    owner = await browsers.stranger(link)
    await fill(owner, new_password=NEW)
    await owner.get_by_role("button", name="Set password and sign in").click()
    await expect(owner.get_by_role("heading", name=HOME)).to_be_visible()
    again = await browsers.stranger(link)
    await expect(again.get_by_role("heading", name="This link is no longer valid")).to_be_visible()


async def test_an_admin_mails_a_password_link(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, mail_server: MailServer
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await page.get_by_role("button", name="Password link").click()
    await dialog(page).get_by_role("button", name="Make the link").click()
    await expect(toast(page, f"A password link is on its way to {ada.email}.")).to_be_visible()
    mail = await mail_to(mail_server, ada.email)
    assert "Grace Hopper made you a link" in mail.part("plain")
    await expect(page.locator(".mail-list li")).to_contain_text("delivered to the mail server")
    owner = await browsers.stranger(link_in(mail))
    await expect(owner.get_by_role("heading", name="Choose a new password")).to_be_visible()


async def test_a_password_link_is_offered_for_whom_it_can_be_made_alone(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User, robin: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{alan.id}")
    await expect(page.get_by_role("button", name="Edit name")).to_be_visible()
    await expect(page.get_by_role("button", name="Password link")).to_be_hidden()
    above = await browsers.as_user(robin, f"/t/{tenant.slug}/users/{alan.id}")
    await expect(above.get_by_role("button", name="Password link")).to_be_visible()
    await above.goto(f"/platform/users/{robin.id}")
    await expect(above.get_by_role("button", name="Edit name")).to_be_visible()
    await expect(above.get_by_role("button", name="Password link")).to_be_hidden()


async def test_the_right_password_at_the_wrong_address_leads_to_the_right_one_with_the_email(
    browsers: Browsers, tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    page = await browsers.stranger(f"/t/{other_tenant.slug}/login")
    await sign_in(page, ada.email, PASSWORD)
    await expect(page.get_by_role("alert")).to_contain_text(f"it signs in to {tenant.name}.")
    await look(page, "other-door")
    await page.get_by_role("link", name="Sign in there").click()
    await expect(page.get_by_text(f"to {tenant.name}", exact=True)).to_be_visible()
    await expect(page.get_by_label("Email")).to_have_value(ada.email)
    await expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert ada.email not in page.url
    await fill(page, password=PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name=HOME)).to_be_visible()


async def test_the_forgotten_password_s_page_keeps_the_email_that_was_typed(
    browsers: Browsers, rollcall: Runtime, tenant: Tenant, ada: User
) -> None:
    page = await browsers.stranger(f"/t/{tenant.slug}/login")
    await fill(page, email=ada.email)
    await page.get_by_role("link", name="Forgot password?").click()
    await expect(page.get_by_label("Email")).to_have_value(ada.email)
    assert ada.email not in page.url
    await page.get_by_role("button", name="Send a link").click()
    await expect(page.get_by_role("status")).to_contain_text(f"If {ada.email} has an active")
    await look(page, "forgot-sent")
    await page.get_by_role("link", name="Back to sign-in").click()
    await expect(page.get_by_label("Email")).to_have_value(ada.email)
    # It is for the next page alone, and isn't kept.
    await page.goto(f"/t/{tenant.slug}/login")
    await expect(page.get_by_label("Email")).to_have_value("")


async def test_why_somebody_was_signed_out_is_said_once(
    browsers: Browsers, tenant: Tenant, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await accounts.set_active(admin, ada.id, active=False)
    await expect_signed_out(page, "Your account was deactivated. Contact your admin.")
    await accounts.set_active(admin, ada.id, active=True)
    await page.reload()
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await expect(page.get_by_text("was deactivated")).to_have_count(0)
