"""Every way in which a session ends: its pages close at once, and say why."""

import re

from playwright.async_api import expect

from models import Tenant, User
from services.sessions.sessions import MOST_LISTED
from tests import factories
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

NEW = "another sentence to remember"


async def test_signing_out_closes_every_tab_of_that_browser_and_no_other(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    home = f"/t/{tenant.slug}"
    laptop = await browsers.signed_in(ada)
    tab = await browsers.tab(laptop, f"{home}/roles")
    page = await browsers.tab(laptop, f"{home}/roles")
    await page.get_by_text("Ada Lovelace", exact=True).first.click()
    await page.get_by_role("link", name="My account").click()
    await expect(page.get_by_role("heading", name="My account")).to_be_visible()
    phone = await browsers.as_user(ada, f"{home}/account")
    await expect(phone.get_by_role("button", name="Sign out everywhere else")).to_be_visible()

    await page.get_by_text("Ada Lovelace", exact=True).first.click()
    await page.get_by_role("button", name="Sign out", exact=True).last.click()
    await expect_signed_out(page, "You signed out.")
    await expect_signed_out(tab, "You signed out.")
    await page.go_back()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(page.get_by_text("Roles")).to_have_count(0)
    # The other browser goes on, and hears of it.
    await expect(phone.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
    await expect(phone.get_by_text("This browser")).to_be_visible()


async def test_of_very_many_sessions_the_latest_are_listed_and_all_are_ended(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    await factories.sign_in_all([ada] * (MOST_LISTED + 5))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await expect(page.locator(".session-list li")).to_have_count(MOST_LISTED)
    await expect(page.get_by_text("The latest 20 are listed.")).to_be_visible()
    own = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await expect(own.get_by_text("The latest 20 are listed.")).to_be_visible()
    await expect(own.get_by_text("This browser")).to_be_visible()
    await page.get_by_role("button", name="Sign out everywhere").click()
    await dialog(page).get_by_role("button", name="Sign out everywhere").click()
    await expect(toast(page, f"Signed out of {MOST_LISTED + 6} sessions.")).to_be_visible()
    await expect(page.get_by_text("Not signed in anywhere.")).to_be_visible()


async def test_a_changed_password_closes_the_other_sessions(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    phone = await browsers.as_user(ada, f"/t/{tenant.slug}/roles")
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await page.get_by_role("button", name="Change password").click()
    form = dialog(page)
    await fill(form, current_password="not my password", new_password=NEW)
    await expect(form.get_by_text("A good password.")).to_be_visible()
    await form.get_by_role("button", name="Change password").click()
    await expect(form.get_by_text("This isn't your current password.")).to_be_visible()
    await fill(form, current_password=PASSWORD, new_password="lovelace ada lovelace")
    meter = form.locator(".meter")
    await expect(meter).to_have_attribute("data-score", re.compile("^[01]$"))
    await expect(form.get_by_text("Too close to your own name")).to_be_visible()
    await fill(form, new_password=NEW)
    await expect(meter).to_have_attribute("data-score", re.compile("^[34]$"))
    await expect(form.get_by_text("A good password.")).to_be_visible()
    await look(page, "change-password")
    await form.get_by_role("button", name="Change password").click()
    await expect(toast(page, "Your password is changed. 1 other session ended.")).to_be_visible()
    await expect_signed_out(phone, "Your password was changed. Sign in with the new one.")
    await expect(page.get_by_text("This browser")).to_be_visible()
    await sign_in(phone, ada.email, PASSWORD)
    await expect(phone.get_by_role("alert")).to_contain_text("That didn't work.")
    await sign_in(phone, ada.email, NEW)
    await expect(phone.get_by_role("heading", name=HOME)).to_be_visible()


async def test_my_account_signs_out_one_session_or_all_the_others(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    home = f"/t/{tenant.slug}"
    page = await browsers.as_user(ada, f"{home}/account")
    await expect(page.locator(".session-list li")).to_have_count(1)
    first = await browsers.stranger(f"{home}/login")
    await sign_in(first, ada.email, PASSWORD)
    await expect(page.locator(".session-list li")).to_have_count(2)
    elsewhere = page.get_by_role("button", name="Sign out everywhere else")
    await elsewhere.evaluate("of => { of.marked = true; }")
    other = page.locator(".session-list li").filter(has_not_text="This browser")
    await other.get_by_role("button", name=re.compile("^Sign out ")).click()
    await expect_signed_out(first, "You were signed out from another place.")
    await expect(page.locator(".session-list li")).to_have_count(1)

    await sign_in(first, ada.email, PASSWORD)
    second = await browsers.stranger(f"{home}/login")
    await sign_in(second, ada.email, PASSWORD)
    await expect(page.locator(".session-list li")).to_have_count(3)
    assert await elsewhere.evaluate("of => of.marked")  # one that is replaced may lose a click
    await elsewhere.click()
    await dialog(page).get_by_role("button", name="Sign out everywhere else").click()
    await expect(toast(page, "Signed out of 2 sessions.")).to_be_visible()
    for theirs in (first, second):
        await expect_signed_out(theirs, "You were signed out from another place.")
    await expect(page.locator(".session-list li")).to_have_count(1)


async def test_a_forgotten_password_is_replaced_by_mail_which_closes_the_other_sessions(
    browsers: Browsers, tenant: Tenant, ada: User, mail_server: MailServer
) -> None:
    open_page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    page = await browsers.stranger(f"/t/{tenant.slug}/login")
    await page.get_by_role("link", name="Forgot password?").click()
    await fill(page, email=ada.email.upper())
    await page.get_by_role("button", name="Send a link").click()
    await expect(page.get_by_text("has an active account here")).to_be_visible()
    link = link_in(await mail_to(mail_server, ada.email))

    await page.goto(link)
    await page.reload()
    await fill(page, new_password="too short")
    await page.get_by_role("button", name="Set password and sign in").click()
    await expect(page.locator(".field-error")).to_contain_text("15 characters or more")
    await expect(open_page.get_by_role("heading", name="My account")).to_be_visible()
    await fill(page, new_password=NEW)
    await page.get_by_role("button", name="Set password and sign in").click()
    await expect(page.get_by_role("heading", name=HOME)).to_be_visible()
    await expect_signed_out(open_page, "Your password was changed. Sign in with the new one.")

    await open_page.goto(link)
    await expect(open_page.get_by_text("Ask for a new one with “Forgot password?”")).to_be_visible()


async def test_an_expired_session_closes_its_pages_and_the_next_one_goes_on_there(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs?q=two+words")
    await factories.expire_sessions(ada)
    await expect_signed_out(page, "Your session has expired. Sign in again.")
    await sign_in(page, ada.email, PASSWORD)
    await expect(page.get_by_label("Search POCs")).to_have_value("two words")


async def test_an_admin_signs_a_user_out_everywhere(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    theirs = [await browsers.as_user(ada, f"/t/{tenant.slug}/account") for _ in range(2)]
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await expect(page.locator(".session-list li")).to_have_count(2)
    everywhere = page.get_by_role("button", name="Sign out everywhere")
    await everywhere.evaluate("of => { of.marked = true; }")
    await everywhere.click()
    await dialog(page).get_by_role("button", name="Sign out everywhere").click()
    await expect(toast(page, "Signed out of 2 sessions.")).to_be_visible()
    for closed in theirs:
        await expect_signed_out(closed, "You were signed out from another place.")
    await expect(page.get_by_text("Not signed in anywhere.")).to_be_visible()
    await expect(page.get_by_role("table", name="History")).to_contain_text("Sessions ended")
    await sign_in(theirs[0], ada.email, PASSWORD)
    await expect(theirs[0].get_by_role("heading", name=HOME)).to_be_visible()
    await expect(page.locator(".session-list li")).to_have_count(1)
    assert await everywhere.evaluate("of => of.marked")  # one that is replaced may lose a click


async def test_signing_in_as_someone_else_closes_the_first_ones_pages(
    browsers: Browsers, tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    other = await factories.create_user(other_tenant)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    tab = await browsers.tab(page.context, f"/t/{other_tenant.slug}/login")
    await sign_in(tab, other.email, PASSWORD)
    await expect(tab.get_by_role("heading", name=HOME)).to_be_visible()
    await expect_signed_out(page, "You signed in as someone else in this browser.")
