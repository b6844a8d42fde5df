"""My account: one's own name, picture and email; and the admin who gives somebody another one."""

import re

from playwright.async_api import expect

from models import Tenant, User
from services.core.emails import domain_of
from tests import factories
from tests.browser.browsers import Browsers, fill, mail_to
from tests.browser.grid import dialog, toast
from tests.browser.looks import LINES, look
from tests.factories import PASSWORD
from tests.mail_server import MailServer, Received
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
    chooser = page.get_by_label("Choose: Your picture")
    await chooser.focus()
    await expect(chooser).to_have_css("width", "1px")  # its button alone is seen
    await chooser.set_input_files(
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


async def test_an_email_is_confirmed_from_the_new_mailbox_and_taken_back_from_the_old_one(
    browsers: Browsers, mail_server: MailServer, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    mentions = page.get_by_role("switch", name="Mail me when somebody mentions me")
    await mentions.click()
    await expect(mentions).to_have_attribute("aria-checked", "false")
    email = f"new-{ada.email}"
    await page.get_by_role("button", name="Change email").click()
    await dialog(page).get_by_label("New email").fill(email)
    await dialog(page).get_by_role("button", name="Send the link").click()
    await expect(page.get_by_text(f"A link was sent to {email}.")).to_be_visible()
    reader = await browsers.stranger(_link(await mail_to(mail_server, email), "confirm"))
    await look(reader, "email-confirm")
    await reader.get_by_role("button", name="Confirm this email").click()
    await expect(reader.get_by_text(f"with {email} from now on.")).to_be_visible()
    await expect(page.get_by_text(email, exact=True).first).to_be_visible()
    await reader.goto(_link(await mail_to(mail_server, ada.email), "take-back"))
    await look(reader, "email-take-back")
    await reader.get_by_role("button", name="Take it back").click()
    await expect(reader.get_by_text(f"is {ada.email} again.")).to_be_visible()
    await expect(reader.get_by_role("link", name="Choose a new password")).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_a_change_of_email_that_a_new_password_voids_waits_no_more_on_the_open_page(
    browsers: Browsers, mail_server: MailServer, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    email = f"new-{ada.email}"
    await page.get_by_role("button", name="Change email").click()
    await dialog(page).get_by_label("New email").fill(email)
    await dialog(page).get_by_role("button", name="Send the link").click()
    waits = page.get_by_text(f"A link was sent to {email}.")
    await expect(waits).to_be_visible()
    await page.get_by_role("button", name="Change password").click()
    await fill(
        dialog(page), current_password=PASSWORD, new_password="an entirely different sentence"
    )
    await dialog(page).get_by_role("button", name="Change password").click()
    await expect(toast(page, "Your password is changed.")).to_be_visible()
    await expect(waits).to_have_count(0)


async def test_an_email_on_my_account_breaks_behind_its_at_on_a_phone(
    browsers: Browsers, tenant: Tenant
) -> None:
    email = "ada.lovelace-king@engineering.example.com"
    ada = await factories.create_user(tenant, email=email)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await page.set_viewport_size({"width": 390, "height": 844})
    shown = page.locator("dd").get_by_text(email, exact=True)
    assert await shown.evaluate(LINES) == ["ada.lovelace-king@", "engineering.example.com"]


def _link(mail: Received, kind: str) -> str:
    found = re.search(rf"https?://\S+/email/{kind}/\S+", mail.part("plain"))
    assert found is not None, mail.part("plain")
    return found[0]
