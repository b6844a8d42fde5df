"""What somebody has half typed isn't dropped unasked, wherever it is and however they leave.
(Escape and Cancel in a dialog: test_invite_form.py.)"""

import pytest
from playwright.async_api import Dialog, Locator, Page, expect

from models import PocMember, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import transaction
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers, connected, expect_signed_out, sign_in
from tests.browser.grid import dialog
from tests.factories import PASSWORD
from tests.services.workspace.rows import create_rows

TYPED = "Half of it"
KEPT = 'sessionStorage.getItem("rollcall-kept")'
PATHS = {
    "dialog": "{home}/users",
    "settings": "{home}/settings",
    "comment": "{home}/pocs/{poc}/comments",
}
# Each begins to leave and returns at once: the browser's question holds up the page's scripts.
LEAVE = {
    "reload": "setTimeout(() => location.reload())",
    "back": "setTimeout(() => history.back())",
    "link": "setTimeout(() => document.querySelector('header a, nav a').click())",
}


async def _begin(page: Page, kind: str) -> Locator:
    """Type into what the page has, key by key: a browser asks only who has done something."""
    if kind == "dialog":
        await page.keyboard.press("n")
        field = dialog(page).get_by_label("First Name")
    else:
        field = page.get_by_label({"settings": "Name", "comment": "Comment"}[kind], exact=True)
    await field.press("ControlOrMeta+a")
    await field.press_sequentially(TYPED)
    return field


async def _asked(page: Page, script: str) -> None:
    """Begin to leave, and be asked."""
    async with page.expect_event("dialog", lambda asked: asked.type == "beforeunload"):
        if script:
            await page.evaluate(script)
        else:
            await page.close(run_before_unload=True)


@pytest.mark.parametrize("kind", ["dialog", "settings", "comment"])
async def test_leaving_a_half_typed_form_asks_and_staying_keeps_it(
    browsers: Browsers, tenant: Tenant, grace: User, kind: str
) -> None:
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    visitor = owner if kind == "comment" else grace
    page = await browsers.as_user(visitor, f"/t/{tenant.slug}/account")
    await page.goto(PATHS[kind].format(home=f"/t/{tenant.slug}", poc=rows.poc))
    await connected(page)
    page.on("dialog", Dialog.dismiss)
    field = await _begin(page, kind)
    for script in (*LEAVE.values(), ""):
        await _asked(page, script)
        await expect(field).to_have_value(TYPED)
    page.remove_listener("dialog", Dialog.dismiss)  # or the browser is never closed


async def test_what_is_half_typed_when_a_session_expires_waits_for_its_writer_alone(
    browsers: Browsers, tenant: Tenant
) -> None:
    owner, colleague = [await factories.create_user(tenant) for _ in range(2)]
    rows = await create_rows(tenant.id, owner.id)
    async with transaction() as tx:
        tx.add(
            PocMember(
                tenant_id=tenant.id, poc_id=rows.poc, user_id=colleague.id, added_at=clock.now()
            )
        )
    for next_one, found in ((owner, TYPED), (colleague, "")):
        page = await browsers.as_user(owner, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
        field = await _begin(page, "comment")
        await factories.expire_sessions(owner)
        await expect_signed_out(page, "Your session has expired. Sign in again.")
        await sign_in(page, next_one.email, PASSWORD)
        await connected(page)
        await expect(field).to_have_value(found)


async def test_who_signs_in_again_is_told_what_is_kept_and_of_no_restart(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _begin(page, "dialog")
    await factories.expire_sessions(grace)
    await expect_signed_out(page, "Your session has expired. Sign in again.")
    await sign_in(page, grace.email, PASSWORD)
    await connected(page)
    kept = page.get_by_text("is kept: open “Invite user” again.")
    await expect(kept).to_be_visible()
    await expect(kept).not_to_contain_text("restarted")
    await page.keyboard.press("n")
    await expect(dialog(page)).to_contain_text("What you had typed is here, and not sent yet.")
    await expect(dialog(page)).not_to_contain_text("restarted")


async def test_what_is_half_typed_waits_a_night_and_no_longer(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    await _begin(page, "comment")
    await factories.expire_sessions(ada)
    await expect_signed_out(page, "Your session has expired. Sign in again.")
    assert await page.evaluate(KEPT)
    await page.evaluate(
        """() => {
          const kept = JSON.parse(sessionStorage.getItem("rollcall-kept"));
          kept.at -= 12 * 60 * 60 * 1000;
          sessionStorage.setItem("rollcall-kept", JSON.stringify(kept));
        }"""
    )
    await page.reload()
    await page.wait_for_function(f"!({KEPT})")


async def test_what_is_kept_counts_as_told_once_the_tab_is_looked_at(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/welcome")
    await page.evaluate(
        """() => {
          const all = { path: location.pathname, whose: document.documentElement.dataset.me };
          all.at = Date.now();
          const forms = { some: { title: "Some form", values: {} } };
          sessionStorage.setItem("rollcall-kept", JSON.stringify({ ...all, forms }));
        }"""
    )
    await page.add_init_script(
        """Object.defineProperty(document, "visibilityState", {
          get: () => (window.isLookedAt ? "visible" : "hidden"),
        })"""
    )
    for _ in range(2):
        await page.reload()
        await expect(page.get_by_text("is kept: open “Some form” again.")).to_be_visible()
    await page.evaluate(
        """() => {
          window.isLookedAt = true;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert await page.evaluate(f"JSON.parse({KEPT}).told")


@pytest.mark.parametrize("kind", ["dialog", "settings"])
async def test_a_cut_asks_nobody(
    browsers: Browsers, tenant: Tenant, alan: User, admin: Actor, kind: str
) -> None:
    page = await browsers.as_user(alan, PATHS[kind].format(home=f"/t/{tenant.slug}", poc=""))
    questions: list[str] = []

    async def noted(question: Dialog) -> None:
        questions.append(question.type)
        await question.accept()

    page.on("dialog", noted)
    await _begin(page, kind)
    await accounts.set_active(admin, alan.id, active=False)
    await expect_signed_out(page, "Your account was deactivated. Contact your admin.")
    assert questions == []
