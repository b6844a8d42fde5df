"""A sensitive act long after the sign-in asks for the password, then goes on by itself."""

import re
from datetime import timedelta

from playwright.async_api import expect
from sqlmodel import col, update

from models import LoginSession, Role, Tenant, User
from services.core import clock
from services.database.transaction import transaction
from tests.browser.browsers import Browsers
from tests.factories import PASSWORD, create_user, token_of


async def _age_sessions(user: User) -> None:
    async with transaction() as tx:
        await tx.exec(
            update(LoginSession)
            .where(col(LoginSession.user_id) == user.id)
            .values(authenticated_at=clock.now() - timedelta(minutes=20))
        )


async def test_an_export_long_after_the_sign_in_asks_for_the_password_and_goes_on(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    await _age_sessions(grace)
    await page.get_by_role("link", name="Export CSV").click()
    dialog = page.get_by_role("dialog", name="Confirm that it’s you")
    await expect(dialog).to_contain_text("This needs a recent sign-in.")
    await dialog.get_by_label("Password", exact=True).fill("not the password")
    await dialog.get_by_role("button", name="Confirm").click()
    await expect(dialog.get_by_text("This isn't your password.")).to_be_visible()
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    async with page.expect_download() as download:
        await dialog.get_by_role("button", name="Confirm").click()
    assert (await download.value).suggested_filename == f"audit-{tenant.slug}.csv"


async def test_a_form_keeps_what_was_typed_while_the_password_is_asked(
    browsers: Browsers, tenant: Tenant, robin: User
) -> None:
    page = await browsers.as_user(robin, f"/t/{tenant.slug}/users")
    await page.get_by_role("button", name="+ Invite User").first.click()
    form = page.get_by_role("dialog", name="Invite user")
    await form.get_by_label("First Name").fill("Boss")
    await form.get_by_label("Last Name").fill("Person")
    await form.get_by_label("Email").fill(f"boss@{tenant.slug}.example.com")
    await form.get_by_label("Role").select_option(label="Tenant Admin")
    await _age_sessions(robin)
    await form.get_by_role("button", name="Send Invitation").click()
    dialog = page.get_by_role("dialog", name="Confirm that it’s you")
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("row").filter(has_text="Boss Person")).to_be_visible()


async def test_an_admins_invitation_link_asks_for_the_password_and_is_shown_then(
    browsers: Browsers, tenant: Tenant, robin: User
) -> None:
    invited = await create_user(tenant, role=Role.TENANT_ADMIN, invited=True)
    page = await browsers.as_user(robin, f"/t/{tenant.slug}/users/{invited.id}")
    await _age_sessions(robin)
    await page.get_by_role("button", name="Copy invitation link").click()
    dialog = page.get_by_role("dialog", name="Confirm that it’s you")
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Confirm").click()
    link = page.get_by_role("dialog", name="Invitation link")
    await expect(link.get_by_text("Hand over this link")).to_be_visible()
    token = await token_of(invited)
    await expect(link.get_by_role("textbox")).to_have_value(re.compile(f"/invitation/{token}$"))


async def test_who_may_not_invite_an_admin_is_offered_no_link_of_theirs(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    invited = await create_user(tenant, role=Role.TENANT_ADMIN, invited=True)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{invited.id}")
    await expect(page.get_by_role("button", name="Edit name")).to_be_visible()
    await expect(page.get_by_role("button", name="Copy invitation link")).to_be_hidden()
    await expect(page.get_by_role("button", name="Resend invitation")).to_be_hidden()
