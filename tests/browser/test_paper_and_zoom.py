"""Tables on paper, in narrow windows, and in windows that are zoomed in."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from models import Comment, Poc, Task, Tenant, User
from services.database.transaction import transaction
from tests import factories
from tests.browser.browsers import Browsers, connected
from tests.browser.looks import SIDEWAYS, look_on_paper
from tests.services.workspace.rows import START, create_rows

PAGES = ("users", "account", "roles", "audit", "settings", "users/import")
# 1280 pixels at 100% and more, up to 400%; then what is common on phones.
WIDTHS = (1280, 860, 720, 640, 390, 320)
WOLFE = "wolfeschlegelsteinhausenbergerdorff.featherstonehaugh"
CUT_OFF = """
() => [...document.querySelectorAll("td .clip")]
  .filter((of) => of.checkVisibility() && of.scrollWidth > of.clientWidth + 1 && of.clientWidth)
  .map((of) => of.className)
"""
OVER_ITS_NEIGHBOUR = """
() => [...document.querySelectorAll("td .clip")]
  .filter((of) => of.getBoundingClientRect().right > of.closest("td").getBoundingClientRect().right)
  .map((of) => of.textContent)
"""

# Rows in which a line of the status and one of the role lie over each other.
STATUS_OVER_ROLE = """
() => [...document.querySelectorAll("tbody tr")].filter((row) => {
  const [status, role] = [".col-status", ".col-role"].map((name) => {
    const range = document.createRange();
    range.selectNodeContents(row.querySelector(name));
    return [...range.getClientRects()];
  });
  return status.some((one) => role.some((other) =>
    one.right > other.left && one.left < other.right &&
    one.bottom > other.top && one.top < other.bottom));
}).map((row) => row.textContent)
"""

# What paper must not show, and how the look at it says so.
BROKEN = {
    "Ada may be broken": "<table><tbody><tr><td>Ada</td></tr></tbody></table>",
    "Ada and Grace overlap": "<p>Ada</p><p style='margin-top: -2.2em'>Grace</p>",
    "Ada Lovelace is cut off": "<p style='width: 3em; overflow: hidden; white-space: nowrap'>"
    "Ada Lovelace</p>",
    "Ada is beyond the sheet": "<p style='margin-left: 712px'>Ada</p>",
}


def long_email(tenant: Tenant) -> str:
    """An email that is longer than any column, and nobody else's."""
    return f"{WOLFE}@{tenant.slug}.a-rather-long-domain.example.com"


async def test_no_page_scrolls_sideways_however_narrow_it_is(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await factories.create_user(tenant, first_name="Wolfeschlegelstein", email=long_email(tenant))
    context = await browsers.signed_in(grace)
    wide = []
    for path in PAGES:
        page = await browsers.tab(context, f"/t/{tenant.slug}/{path}")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            if await page.evaluate(SIDEWAYS) > 0:
                wide.append((path, width))
        await page.close()
    assert not wide


@pytest.mark.parametrize(("width", "shown_as"), [(1280, "table-row"), (720, "grid"), (320, "grid")])
async def test_rows_are_cards_where_a_table_no_longer_fits(
    browsers: Browsers, tenant: Tenant, grace: User, width: int, shown_as: str
) -> None:
    await factories.create_user(
        tenant, first_name="Wolfeschlegelstein", email=long_email(tenant), invited=True
    )
    page = await browsers.as_user(
        grace, f"/t/{tenant.slug}/users", viewport={"width": width, "height": 800}
    )
    await expect(page.locator("tbody tr").first).to_have_css("display", shown_as)
    if shown_as == "grid":
        assert await page.evaluate(CUT_OFF) == []
        await expect(page.get_by_text("expires in")).to_be_visible()
        assert await page.evaluate(STATUS_OVER_ROLE) == []
        if width == 320:
            filters = page.get_by_role("button", name=re.compile("^Filters"))
            await expect(page.get_by_label("Status")).to_be_hidden()
            await filters.click()
            await page.get_by_label("Status").select_option("Active")
            await expect(filters).to_have_accessible_name("Filters 1")
            await page.get_by_role("button", name="Clear filters").click()
        await page.get_by_label("Sort by").select_option("Name ↓")
        await expect(page.locator(".name-link").last).to_have_text("Grace Hopper")
        assert page.url.endswith("/users?dir=desc")
    else:
        await expect(page.get_by_label("Sort by")).to_be_hidden()
        assert await page.evaluate(OVER_ITS_NEIGHBOUR) == []


async def test_in_a_low_window_the_header_covers_nothing(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await factories.create_users(20, tenant)
    page = await browsers.as_user(
        grace, f"/t/{tenant.slug}/users", viewport={"width": 320, "height": 256}
    )
    await expect(page.locator(".shell")).to_have_css("position", "static")


async def test_paper_has_dark_ink_whole_emails_and_says_what_it_leaves_out(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await factories.create_user(tenant, first_name="Aaron", email=long_email(tenant))
    await factories.create_users(60, tenant)
    page = await browsers.as_user(
        grace,
        f"/t/{tenant.slug}/users",
        color_scheme="dark",
        viewport={"width": 700, "height": 900},
    )
    await expect(page.locator("tbody tr")).to_have_count(50)
    await page.emulate_media(media="print", color_scheme="dark")
    email = page.get_by_text(long_email(tenant))
    await expect(email).to_be_visible()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    await expect(page.locator(".name-link").first).to_have_css("color", "rgb(0, 0, 0)")
    assert await page.evaluate(CUT_OFF) == []
    await expect(page.locator("tbody tr").first).to_have_css("break-inside", "avoid")
    await expect(page.get_by_text("12 more users match")).to_be_visible()
    await expect(page.get_by_role("searchbox")).to_be_hidden()
    await page.emulate_media(media="screen")
    await expect(page.get_by_text("more users match")).to_be_hidden()
    await look_on_paper(page)
    await page.goto(f"/t/{tenant.slug}/audit")
    await connected(page)
    await look_on_paper(page)


async def test_titles_are_whole_on_paper(browsers: Browsers, tenant: Tenant, grace: User) -> None:
    rows = await create_rows(tenant.id, grace.id)
    async with transaction() as tx:
        (await tx.get_one(Poc, rows.poc)).title = (
            "Scanned papers, e-mail and chat in one queue " * 4
        )
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/pocs")
    await expect(page.get_by_text("Scanned papers")).to_be_visible()
    await look_on_paper(page)


async def test_a_poc_is_whole_on_paper_and_has_no_buttons_there(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    async with transaction() as tx:
        task = await tx.get_one(Task, rows.task)
        task.start_on, task.due_on = START, START + timedelta(days=100)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}/timeline")
    await expect(page.get_by_text("2 Mar", exact=True)).to_be_visible()
    await look_on_paper(page)
    await page.goto(f"/t/{tenant.slug}/pocs/{rows.poc}/board")
    await connected(page)
    await look_on_paper(page)
    await page.emulate_media(media="print")
    await expect(page.locator(".main .btn:visible")).to_have_count(0)
    # Firefox would begin a grid on a new sheet.
    await expect(page.locator(".poc-tasks")).to_have_css("display", "block")
    await expect(page.locator(".board")).to_have_css("display", "flow-root")


async def test_code_and_tables_of_a_comment_scroll_in_themselves(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    async with transaction() as tx:
        said = f"# Heading\n\n```\n{'0123456789' * 20}\n```\n\n{'| Column ' * 20}|\n{'|-' * 20}|\n"
        (await tx.get_one(Comment, rows.comment)).body = said
    page = await browsers.as_user(
        ada,
        f"/t/{tenant.slug}/pocs/{rows.poc}/comments",
        viewport={"width": 390, "height": 800},
    )
    await expect(page.get_by_role("columnheader").first).to_be_visible()
    assert await page.evaluate(SIDEWAYS) <= 0
    await expect(page.get_by_role("heading", name="Heading")).to_have_css("font-size", "16px")


async def test_what_is_broken_on_paper_is_found(browsers: Browsers) -> None:
    page = await (await browsers.new()).new_page()
    for said, broken in BROKEN.items():
        await page.set_content(broken)
        with pytest.raises(AssertionError, match=said):
            await look_on_paper(page)
