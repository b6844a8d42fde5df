"""My account: one's own name, picture and email; and the admin who gives somebody another one."""

import re

from playwright.async_api import expect

from models import Tenant, User
from services.core.emails import domain_of
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.services.organisation_calls import picture


async def test_what_one_says_of_oneself_is_on_one_s_page_at_once(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    theirs = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await page.get_by_role("button", name="Edit profile").click()
    await dialog(page).get_by_label("Last Name").fill("King")
    await dialog(page).get_by_label("Phone").fill("+47 22 00 00 00")
    await dialog(page).get_by_label("Time Zone").select_option("Europe/Oslo")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(toast(page, "Your profile is saved.")).to_be_visible()
    await page.get_by_label("Choose: Your picture").set_input_files(
        {"name": "ada.jpg", "mimeType": "image/jpeg", "buffer": picture("JPEG", (300, 200))}
    )
    await expect(page.get_by_role("img", name="Your picture")).to_be_visible()
    await look(page, "account-profile")
    await expect(theirs.get_by_role("heading", name="Ada King")).to_be_visible()
    await expect(theirs.get_by_text("+47 22 00 00 00")).to_be_visible()
    await expect(theirs.get_by_text(re.compile(r"\d\d:\d\d \(Europe/Oslo\)"))).to_be_visible()
    await expect(theirs.locator("img.portrait")).to_be_visible()


async def test_an_admin_gives_somebody_another_email(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await page.get_by_role("button", name="Change email").click()
    email = f"king@{domain_of(ada.email)}"
    await dialog(page).get_by_label("New email").fill(email)
    await dialog(page).get_by_role("button", name="Change email").click()
    await expect(toast(page, f"signs in with {email} now.")).to_be_visible()
    await expect(page.get_by_text(email).first).to_be_visible()
