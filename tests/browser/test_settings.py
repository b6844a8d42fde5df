"""Settings: what an organisation's admins make of it is seen at once, by everybody."""

import re

import pytest
from playwright.async_api import Page, expect

from models import Tenant, User
from tests.browser.browsers import Browsers, mail_to
from tests.browser.grid import toast
from tests.browser.looks import look
from tests.mail_server import MailServer
from tests.services.organisation_calls import picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _accent(page: Page) -> str:
    button = page.get_by_role("button", name="Sign in", exact=True)
    return str(await button.evaluate("(button) => getComputedStyle(button).backgroundColor"))


async def test_an_organisation_s_name_logo_and_colour_are_seen_at_once(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings")
    theirs = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs")
    colour = page.get_by_label("Brand Colour")
    await colour.fill("#12b3b3")
    said = "Too bright for white letters. Rollcall uses #0d7e7e instead."
    await expect(page.get_by_text(said)).to_be_visible()
    await expect(page.get_by_text("Light, 4.9 : 1")).to_be_visible()
    await expect(page.get_by_text("Dark, 4.6 : 1")).to_be_visible()
    await page.get_by_label("Choose: Logo").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": picture(size=(800, 800))}
    )
    await expect(page.get_by_role("img", name="Logo", exact=True)).to_be_visible()
    renamed = f"{tenant.name} Systems"
    await page.get_by_label("Name", exact=True).fill(renamed)
    await look(page, "settings-organisation")
    await page.get_by_role("button", name="Save").click()
    await expect(toast(page, "The settings are saved.")).to_be_visible()
    header = theirs.locator(".tenant-name")
    await expect(header).to_have_text(renamed)
    await expect(header.locator("img")).to_have_attribute(
        "src", re.compile(f"^/t/{tenant.slug}/logo")
    )
    await expect(theirs).to_have_title(f"POCs · {renamed} · Rollcall")
    stranger = await browsers.stranger(f"/t/{tenant.slug}/login")
    assert await _accent(stranger) == "rgb(13, 126, 126)"
    await look(stranger, "sign-in-with-looks")


async def test_what_two_admins_change_at_once_is_told_and_nothing_typed_is_lost(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    one = await browsers.as_user(grace, f"/t/{tenant.slug}/settings")
    other = await browsers.as_user(grace, f"/t/{tenant.slug}/settings")
    await one.get_by_label("Brand Colour").fill("#4f46e5")
    await expect(one.get_by_text("Not saved yet.")).to_be_visible()
    await other.get_by_label("Allowed Domains").fill("example.com, nowhere")
    await other.get_by_role("button", name="Save").click()
    wrong = other.get_by_text("nowhere isn't an email domain, such as example.com.")
    await expect(wrong).to_be_visible()
    await other.get_by_label("Allowed Domains").fill("example.com")
    await other.get_by_role("button", name="Save").click()
    await expect(toast(other, "The settings are saved.")).to_be_visible()
    await expect(one.get_by_text("Somebody else has changed these settings")).to_be_visible()
    await expect(one.get_by_label("Brand Colour")).to_have_value("#4f46e5")
    await one.get_by_role("button", name="Discard").click()
    await expect(one.get_by_label("Allowed Domains")).to_have_value("example.com")
    await one.get_by_role("link", name="Reviews and end dates").click()
    await one.get_by_label("Review").select_option("Every 90 days")
    await one.get_by_role("button", name="Save").click()
    await expect(toast(one, "The rules are saved.")).to_be_visible()
    await look(one, "settings-rules")
    await one.set_viewport_size({"width": 390, "height": 844})
    await one.get_by_role("link", name="Sign-in").click()
    await expect(one.get_by_role("heading", name="Single sign-on")).to_be_visible()
    navigation = one.get_by_role("navigation", name="Main")
    await expect(navigation.get_by_role("link", name="Settings")).to_be_in_viewport(ratio=1)


async def test_the_text_of_a_mail_is_written_seen_tried_out_and_put_back(
    browsers: Browsers, tenant: Tenant, grace: User, mail_server: MailServer
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/mails")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("Hello Léa,")).to_be_visible()
    await page.get_by_label("Mail", exact=True).select_option("Deactivated")
    await expect(frame.get_by_text("has ended")).to_be_visible()
    body = page.get_by_label("Text", exact=True)
    await body.fill("Goodbye  from us. {{7*7}}")
    await expect(page.get_by_text("“{” is none of them")).to_be_visible()
    await body.fill("Goodbye, <b>.")
    await body.evaluate("(text) => text.setSelectionRange(9, 9)")
    await page.get_by_role("button", name="Insert {first_name}").click()
    await expect(body).to_have_value("Goodbye, {first_name}<b>.")
    await expect(frame.get_by_text("Goodbye, Léa<b>.")).to_be_visible()
    await look(page, "settings-mails")
    await page.get_by_role("button", name="Plain text").click()
    await expect(page.get_by_label("The mail as plain text")).to_contain_text("Goodbye, Léa<b>.")
    await page.get_by_role("button", name="Send me a test").click()
    await expect(toast(page, f"A test is on its way to {grace.email}.")).to_be_visible()
    mail = await mail_to(mail_server, grace.email)
    assert "Goodbye, Léa<b>." in mail.part("plain")
    await page.get_by_role("button", name="Save").click()
    await expect(toast(page, "The text of “Deactivated” is saved.")).to_be_visible()
    await page.get_by_role("button", name="Back to Rollcall’s own text").click()
    await expect(page.get_by_text("Not saved yet.")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(toast(page, "“Deactivated” says what Rollcall says by itself.")).to_be_visible()
