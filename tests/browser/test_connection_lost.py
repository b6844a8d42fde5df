"""A server that dies, or is stopped for the next: its pages say so, and live again at the next."""

import signal
from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, expect

from models import Task, Tenant, User
from services.database.transaction import transaction
from tests import factories
from tests.browser.browsers import Browsers, connected, fill
from tests.browser.grid import Grid, dialog
from tests.browser.looks import look
from tests.browser.server import serving
from tests.browser.test_first_start import set_up
from tests.services.workspace.rows import create_rows

# As after a restart: the server doesn't know the page any more, and never hears what was sent.
RESTART = """() => {
  socket.sendBuffer = [];
  socket.io.opts.query.client_id = "gone";
  socket.connect();
}"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_that_ends_is_noticed_and_its_pages_live_again_at_the_next(
    browsers: Browsers, tmp_path: Path, how: signal.Signals
) -> None:
    # What Chromium says while there is nothing to connect to.
    browsers.allow("ERR_CONNECTION_REFUSED")
    browsers.allow("WebSocket connection to")
    asked: list[str] = []

    def noted(question: Dialog) -> None:
        asked.append(question.type)

    async with serving(tmp_path / "data") as server:
        page = await browsers.stranger(server.url)
        await set_up(page, server.setup_url)
        await _invite(page, "Ada")
        page.on("dialog", noted)
        await page.get_by_role("button", name="+ Invite User").first.click()
        # Key by key: a browser asks about a page only whoever has done something on it.
        await dialog(page).get_by_label("First Name").press_sequentially("Half of it")
        port = int(server.url.rpartition(":")[2])
        status = await server.stop(how)
        assert status == (0 if how is signal.SIGTERM else -how)
        notice = page.locator("#popup")
        await expect(notice).to_contain_text("Connection lost")
        await expect(notice).to_be_visible()
        if how is signal.SIGTERM:  # it looks alike after either
            await look(page, "connection-lost")
    async with serving(tmp_path / "data", port=port):
        await expect(notice).not_to_contain_text("Connection lost")
        await expect(Grid(page).chip("Ada Lovelace", "Invited")).to_be_visible()
        # What was half typed is neither asked about nor lost.
        await expect(page.get_by_text("is kept: open “Invite user” again.")).to_be_visible()
        if how is signal.SIGTERM:
            await look(page, "kept-after-a-restart")
        await page.reload()
        await expect(Grid(page).chip("Ada Lovelace", "Invited")).to_be_visible()
        await expect(page.get_by_text("is kept: open")).to_have_count(0)  # it is said once
        await page.get_by_role("button", name="+ Invite User").first.click()
        await expect(dialog(page).get_by_label("First Name")).to_have_value("Half of it")
        await expect(dialog(page)).to_contain_text("What you had typed is here, and not sent yet.")
        await dialog(page).get_by_role("button", name="Cancel").click()
        await dialog(page).get_by_role("button", name="Discard").click()
        await _invite(page, "Augusta")
        assert asked == []


async def test_the_notice_of_a_lost_connection_stands_above_an_open_dialog(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("button", name="+ Invite User").first.click()
    await expect(dialog(page).get_by_label("First Name")).to_be_focused()
    await page.evaluate("socket.disconnect()")
    notice = page.locator("#popup")
    await expect(notice).to_contain_text("Connection lost")
    assert await notice.evaluate("(of) => of.matches(':popover-open')")
    await look(page, "connection-lost-amid-a-dialog")
    await page.evaluate("socket.connect()")
    await expect(notice).to_be_hidden()


async def test_the_notice_stands_above_what_is_opened_after_it(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await connected(page)
    await page.evaluate("socket.disconnect()")
    await expect(page.locator("#popup")).to_contain_text("Connection lost")
    await page.evaluate(
        """() => document.addEventListener("beforetoggle", ({ target, newState }) => {
          if (newState === "open") window.openedLast = target.id || target.tagName;
        }, true)"""
    )
    await page.keyboard.press("Control+k")
    await expect(dialog(page)).to_be_visible()
    await page.wait_for_function("window.openedLast === 'popup'")


async def test_whoever_is_in_a_dialog_is_told_there_that_the_connection_is_lost(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("button", name="+ Invite User").first.click()
    await expect(dialog(page).get_by_label("First Name")).to_be_focused()
    await page.evaluate("socket.disconnect()")
    # All outside the dialog is inert.
    said = dialog(page).get_by_role("status").filter(has_text="Connection lost")
    await expect(said).to_be_visible()
    await page.evaluate("socket.connect()")
    await expect(said).to_have_count(0)


async def test_who_sent_what_is_not_answered_before_the_page_loads_again_is_told(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await Grid(page).switch("Ada Lovelace").click()
    asked = dialog(page).get_by_role("button", name="Deactivate", exact=True)
    await expect(asked).to_be_visible()
    await page.evaluate("socket.disconnect()")
    await asked.click()
    await page.evaluate(RESTART)
    await expect(page.get_by_text("No answer came to “Deactivate Ada Lovelace?”")).to_be_visible()
    await Grid(page).expect_active("Ada Lovelace")


async def test_who_saved_settings_that_are_not_answered_before_the_page_loads_again_is_told(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings")
    welcome = page.get_by_label("Welcome").last
    await welcome.fill("Good morning")
    await page.evaluate("socket.disconnect()")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.evaluate(RESTART)
    await expect(page.get_by_text("No answer came to “Organisation”")).to_be_visible()
    await expect(welcome).to_have_value("Good morning")
    await expect(page.get_by_text("was sent, but no answer came.")).to_be_visible()


async def test_who_sent_a_comment_that_is_not_answered_before_the_page_loads_again_is_told(
    browsers: Browsers, tenant: Tenant
) -> None:
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    page = await browsers.as_user(owner, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    words = page.get_by_label("Comment", exact=True)
    await words.fill("It went well")
    await page.evaluate("socket.disconnect()")
    await page.get_by_role("button", name="Comment", exact=True).click()
    await page.evaluate(RESTART)
    await expect(page.get_by_text("No answer came to “Comment”")).to_be_visible()
    await expect(words).to_have_value("It went well")


async def test_what_was_sent_and_not_answered_is_in_its_dialog_again_which_says_so(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("button", name="+ Invite User").first.click()
    await dialog(page).get_by_label("First Name").fill("Augusta")
    await page.evaluate("socket.disconnect()")
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    await page.evaluate(RESTART)
    told = page.get_by_text("No answer came to “Invite user”")
    await expect(told).to_be_visible()
    await expect(told).not_to_contain_text("is kept: open")  # it is said once
    await page.get_by_role("button", name="+ Invite User").first.click()
    await expect(dialog(page).get_by_label("First Name")).to_have_value("Augusta")
    await expect(dialog(page)).to_contain_text("was sent, but no answer came.")


async def test_what_was_sent_for_one_thing_isnt_in_the_dialog_of_the_next(
    browsers: Browsers, tenant: Tenant
) -> None:
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    async with transaction() as tx:
        first = await tx.get_one(Task, rows.task)
        kept = first.model_dump(exclude={"id", "title", "position"})
        tx.add(Task(**kept, title="The next", position=2048))
    page = await browsers.as_user(owner, f"/t/{tenant.slug}/pocs/{rows.poc}/board")
    await page.get_by_role("button", name="Trial", exact=True).click()
    await dialog(page).get_by_label("Title").fill("Renamed")
    await page.evaluate("socket.disconnect()")
    await dialog(page).get_by_role("button", name="Save").click()
    await page.evaluate(RESTART)
    await expect(page.get_by_text("No answer came to “Edit task”")).to_be_visible()
    await page.get_by_role("button", name="The next", exact=True).click()
    await expect(dialog(page).get_by_label("Title")).to_have_value("The next")


async def test_a_question_that_is_not_answered_begins_anew_once_the_page_is_back(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await Grid(page).switch("Ada Lovelace").click()
    asked = dialog(page).get_by_role("button", name="Deactivate", exact=True)
    await expect(asked).to_be_visible()
    await page.evaluate("socket.disconnect()")
    await asked.click()
    await page.evaluate(RESTART)
    await expect(page.get_by_text("No answer came to “Deactivate Ada Lovelace?”")).to_be_visible()
    await Grid(page).switch("Ada Lovelace").click()
    await expect(asked).to_be_visible()
    await expect(dialog(page)).not_to_contain_text("What you had typed")


async def _invite(page: Page, first_name: str) -> None:
    """Invite somebody, which needs a connection."""
    await page.get_by_role("button", name="+ Invite User").first.click()
    email = f"{first_name.lower()}@example.com"
    await fill(
        dialog(page), first_name=first_name, last_name="Lovelace", email=email, role="Administrator"
    )
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    await dialog(page).get_by_role("button", name="Done").click()
    await expect(Grid(page).chip(f"{first_name} Lovelace", "Invited")).to_be_visible()
