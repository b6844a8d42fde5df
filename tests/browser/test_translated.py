"""A page that its browser translates says the same as it would without a translation, whatever
happens."""

import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import BrowserContext, Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.users import accounts
from tests.browser.browsers import Browsers, fill
from tests.browser.grid import Grid, dialog, toast
from tests.browser.waiting import PATIENCE

# As page translators do it: each text is taken out, and two elements with a new text are put in its
# place; so is every text that comes later. Some put the text itself into their element.
TRANSLATOR = """
(keepsText) => {
  const done = new WeakSet();
  const wrap = (text) => {
    if (!text.isConnected || !text.data.trim() || done.has(text)) return;
    if (text.parentElement.closest("script, style, textarea, title")) return;
    const outer = document.createElement("font");
    const inner = outer.appendChild(document.createElement("font"));
    const shown = keepsText ? text : document.createTextNode(text.data);
    done.add(shown);
    text.replaceWith(outer);
    inner.append(shown);
  };
  const all = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return wrap(root);
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    texts.forEach(wrap);
  };
  document.addEventListener("DOMContentLoaded", () => {
    all(document.body);
    new MutationObserver((records) => {
      for (const { type, target, addedNodes } of records) {
        if (type === "characterData") all(target);
        else addedNodes.forEach(all);
      }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
}
"""
# (Sorted: the latest of My account's sessions is the first when the page is opened. Without what is
# only spoken: a page that asks for its rows once more says how many there are.)
WORDS = """
(() => {
  const words = (element) => element.innerText.trim().split(/\\s+/);
  const main = document.getElementById("main");
  const all = words(main);
  for (const spoken of main.querySelectorAll("[role=status]")) {
    for (const word of words(spoken)) if (word) all.splice(all.indexOf(word), 1);
  }
  return all.sort().join(" ");
})()
"""


async def expect_the_words_of(plain: Page, page: Page) -> None:
    """Wait until the page has the words of the other one, which was just opened and may still be
    told some of them."""
    said = await plain.evaluate(WORDS)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await page.evaluate(WORDS) != said:
                await asyncio.sleep(0.05)
                said = await plain.evaluate(WORDS)
    assert await page.evaluate(WORDS) == said


async def translating(context: BrowserContext, *, keeps_text: bool) -> BrowserContext:
    """A browser that translates every page."""
    await context.add_init_script(f"({TRANSLATOR})({str(keeps_text).lower()})")
    return context


@pytest.mark.parametrize("keeps_text", [False, True])
async def test_a_translated_grid_follows_what_happens(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, keeps_text: bool
) -> None:
    users = f"/t/{tenant.slug}/users"
    context = await translating(await browsers.signed_in(grace), keeps_text=keeps_text)
    page = await browsers.tab(context, users)
    grid = Grid(page)
    await expect(page.locator("main font").first).to_be_attached()

    async def same_as_untranslated() -> None:
        plain = await browsers.tab(untranslated, page.url)
        await page.bring_to_front()
        await expect_the_words_of(plain, page)
        await plain.close()

    untranslated = await browsers.signed_in(grace)
    await same_as_untranslated()
    await grid.switch("Ada Lovelace").click()
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect(toast(page, re.compile("Ada Lovelace is deactivated"))).to_be_visible()
    await expect(grid.row("Ada Lovelace")).to_contain_text("Inactive")
    await expect(grid.row("Ada Lovelace")).not_to_contain_text("Active")
    await same_as_untranslated()
    await grid.switch("Ada Lovelace").click()
    await expect(grid.row("Ada Lovelace")).to_contain_text("Active")
    await same_as_untranslated()

    await page.get_by_role("button", name="+ Invite User").click()
    form = dialog(page)
    await form.get_by_role("button", name="Send Invitation").click()
    await expect(form.get_by_text("First Name is required.")).to_be_visible()
    await fill(form, first_name="Kay", last_name="Johnson", email=f"kay@{tenant.slug}.example.com")
    await fill(form, role="Sales Engineer")
    await expect(form.get_by_text("First Name is required.")).to_have_count(0)
    await form.get_by_role("button", name="Send Invitation").click()
    await expect(grid.row("Kay Johnson")).to_contain_text("Invited")
    await expect(form).to_have_count(0)  # nothing behind a dialog can be typed into
    await grid.search.fill("nobody of this name")
    await expect(page.get_by_role("heading", name="No users match")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").first.click()
    await expect(grid.row("Kay Johnson")).to_be_visible()


async def test_every_translated_page_follows_what_happens(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    home = f"/t/{tenant.slug}"
    context = await translating(await browsers.signed_in(grace), keeps_text=False)
    paths = ("users", f"users/{ada.id}", "account", "audit", "roles", "settings")
    pages = {path: await browsers.tab(context, f"{home}/{path}") for path in paths}
    await browsers.as_user(ada, f"{home}/account")
    await accounts.set_active(admin, ada.id, active=False)
    await accounts.set_active(admin, ada.id, active=True)
    untranslated = await browsers.new()  # of the same session, which My account marks as this one
    await untranslated.add_cookies(await context.cookies())  # type: ignore[arg-type]  # as it gave them
    for path, page in pages.items():
        plain = await browsers.tab(untranslated, f"{home}/{path}")
        await page.bring_to_front()
        await expect_the_words_of(plain, page)
        await plain.close()
