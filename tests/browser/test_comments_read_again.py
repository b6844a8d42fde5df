"""What is said, or taken back, while all comments are read again is newer than what was read."""

from typing import Any

from playwright.async_api import Page, expect

from models import Comment, Tenant, User
from services.core import clock
from services.database.transaction import transaction
from services.workspace import comments
from services.workspace.comments import NewCommentForm
from tests import factories
from tests.browser.browsers import Browsers
from tests.services.workspace.rows import Rows, create_rows

# Asks for all comments, and keeps the answer from the page: everything but what others do now.
READ_AGAIN = """() => {
  const { socket } = window;
  const take = socket.onevent;
  window.kept = [];
  socket.onevent = (packet) =>
    packet.data[0] === "rollcall_comment" ? take.call(socket, packet) : window.kept.push(packet);
  window.arrive = () => {
    socket.onevent = take;
    for (const packet of window.kept) take.call(socket, packet);
  };
  for (const missed of socket.listeners("rollcall_missed")) missed();
}"""
HAS_READ = """() => window.kept.some(({ data }) => (data[1]?.code ?? "").includes("Silent"))"""


async def _reading_again(browsers: Browsers, tenant: Tenant, ada: User, rows: Rows) -> Page:
    """A page that has asked for all comments again. The answer hasn't arrived: only that one has a
    comment "Silent"."""
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}/comments")
    await expect(page.locator(".comment-head")).to_have_count(1)
    await page.wait_for_function("() => window.socket?.connected")
    silent: dict[str, Any] = {"tenant_id": tenant.id, "poc_id": rows.poc, "author_id": ada.id}
    async with transaction() as tx:
        tx.add(Comment(**silent, body="Silent", created_at=clock.now()))
    await page.evaluate(READ_AGAIN)
    await page.wait_for_function(HAS_READ)
    return page


async def test_a_comment_that_is_posted_while_all_are_read_again_stays(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    page = await _reading_again(browsers, tenant, ada, rows)
    await comments.post(await factories.sign_in(ada), rows.poc, NewCommentForm(body="Live"))
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.evaluate("() => window.arrive()")
    await expect(page.get_by_text("Silent", exact=True)).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()


async def test_the_words_of_a_comment_that_is_removed_while_all_are_read_again_stay_away(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    page = await _reading_again(browsers, tenant, ada, rows)
    await comments.remove(await factories.sign_in(ada), rows.comment, 1)
    await expect(page.get_by_text("Removed by")).to_be_visible()
    await page.evaluate("() => window.arrive()")
    await expect(page.get_by_text("Silent", exact=True)).to_be_visible()
    await expect(page.get_by_text("Removed by")).to_be_visible()
