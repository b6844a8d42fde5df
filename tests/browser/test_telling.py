"""What is done to an account, its owner hears by mail where that was chosen; and whose it is, their
picture says."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.tenants import rules
from services.tenants.rules import ReviewEvery, RulesForm
from services.users import profile
from tests.browser.browsers import Browsers, mail_to
from tests.browser.grid import Grid, dialog, toast
from tests.factories import sign_in
from tests.mail_server import MailServer
from tests.services.organisation_calls import picture

pytestmark = pytest.mark.asyncio(loop_scope="session")
TELL = "Tell them by email"


async def test_an_end_and_a_deactivation_are_told_where_that_is_chosen(
    browsers: Browsers,
    tenant: Tenant,
    grace: User,
    ada: User,
    admin: Actor,
    mail_server: MailServer,
) -> None:
    await rules.edit_rules(
        admin,
        RulesForm(review_every=ReviewEvery.NEVER, longest_stay_days=90, tells_people=True),
    )
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users"))
    faces = grid.page.locator(".avatar img")
    await expect(grid.row("Ada Lovelace")).to_be_visible()
    await expect(faces).to_have_count(0)
    await profile.set_picture(await sign_in(ada), picture(size=(64, 64)))
    await expect(grid.row("Ada Lovelace").locator(".avatar img")).to_have_js_property(
        "complete", value=True
    )
    await expect(faces).to_have_count(1)
    width = await faces.evaluate("(image) => image.decode().then(() => image.naturalWidth)")
    assert width > 0

    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    asked = dialog(page)
    await page.get_by_role("button", name="End date", exact=True).click()
    await expect(asked.get_by_label(TELL)).to_be_checked()
    await expect(asked).to_contain_text("at the latest, except for Tenant Admins.")
    today = clock.now().date()
    await asked.get_by_label("End date").fill((today + timedelta(days=100)).isoformat())
    await asked.get_by_role("button", name="Save").click()
    await expect(asked).to_contain_text("for more than 90 days here")
    end = today + timedelta(days=40)
    await asked.get_by_label("End date").fill(end.isoformat())
    await asked.get_by_role("button", name="Save").click()
    await expect(toast(page, "The account ends on")).to_be_visible()
    mail = await mail_to(mail_server, ada.email)
    assert f"It is now: {end:%-d %B %Y}." in mail.part("plain")

    await page.get_by_role("button", name="Deactivate", exact=True).click()
    await expect(asked.get_by_label(TELL)).to_be_checked()
    await page.screenshot(path="test-results/pages/deactivate-told.png")
    await asked.get_by_role("button", name="Deactivate", exact=True).click()
    await expect(toast(page, "They are told by mail.")).to_be_visible()
    mail = await mail_to(mail_server, ada.email, 2)
    assert "your access to" in mail.part("plain")

    await page.get_by_role("button", name="Activate", exact=True).click()
    await expect(toast(page, "Ada Lovelace is active again. They are told")).to_be_visible()
    await mail_to(mail_server, ada.email, 3)
