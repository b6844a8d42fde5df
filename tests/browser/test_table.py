"""What every live table does for who works in it all day, tried on the users."""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from models import SecondFactorPolicy, Tenant, User
from services.access.actor import Actor
from services.database.transaction import transaction
from services.lists import choices
from services.users import invitations
from services.users.actions import UserAction
from services.users.invitation_form import InvitationForm
from services.users.list import USERS
from tests import books, factories
from tests.browser.browsers import Browsers, connected
from tests.browser.crowd import create_crowd
from tests.browser.grid import Grid, choose_more, dialog
from tests.browser.kept import views_are_kept
from tests.browser.looks import look
from tests.replicas.people import until


async def _exported(page: Page, click: Callable[[], Awaitable[None]]) -> list[list[str]]:
    async with page.expect_download() as download:
        await click()
    path = await (await download.value).path()
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    *lines, end = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert end[:2] == ["rows", str(len(lines) - 1)]
    return lines


async def test_rows_are_selected_by_hand_on_a_page_and_all_that_match(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=active")
    grid = Grid(page)
    bar = page.get_by_role("toolbar")
    await expect(bar).to_have_count(0)
    await page.get_by_role("checkbox", name="Select Grace Hopper").check()
    await expect(bar).to_have_accessible_name("Acts on the 1 selected user")
    await page.get_by_role("checkbox", name="Select the 50 on this page").check()
    await expect(bar).to_contain_text("50 selected")
    await page.get_by_role("button", name="Next").click()
    await expect(page.get_by_role("navigation", name="Pages")).to_contain_text("Page 2")
    await expect(bar).to_contain_text("50 selected")
    await bar.get_by_role("button", name=re.compile("^Select all 22[0-9] that match$")).click()
    await expect(bar).to_contain_text(re.compile("22[0-9] selected"))
    await expect(grid.rows.first.get_by_role("checkbox")).to_be_checked()
    await bar.get_by_role("button", name="Clear selection").click()
    await expect(bar).to_have_count(0)
    await expect(grid.rows.first.get_by_role("checkbox")).not_to_be_checked()


async def test_a_day_long_ago_is_told_with_the_three_letters_of_its_month(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    async with transaction() as tx:
        seen = await tx.get_one(User, ada.id)
        seen.last_active_at = datetime(2025, 8, 18, 12, tzinfo=UTC)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users", timezone_id="UTC")
    await expect(Grid(page).row("Ada Lovelace")).to_contain_text("18 Aug 2025")


@pytest.mark.parametrize(
    ("last", "now", "words"),
    [
        ("2026-03-28T22:30Z", "2026-03-30T08:00Z", "2 days ago"),
        ("2026-10-24T22:30Z", "2026-10-26T08:00Z", "yesterday"),
    ],
    ids=["after a day of 23 hours", "after a day of 25 hours"],
)
async def test_days_are_counted_by_their_midnights_where_the_clocks_change(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, last: str, now: str, words: str
) -> None:
    async with transaction() as tx:
        (await tx.get_one(User, ada.id)).last_active_at = datetime.fromisoformat(last)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users", timezone_id="Europe/Berlin")
    await page.clock.set_fixed_time(now)
    await page.reload()
    await expect(Grid(page).row("Ada Lovelace")).to_contain_text(words)


async def test_the_view_and_the_selection_are_exported_as_they_are_shown(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    await factories.create_user(tenant, first_name="=HYPERLINK", last_name="Évil")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users?role=sales_engineer")
    await expect(Grid(page).rows).to_have_count(50)
    lines = await _exported(page, lambda: choose_more(page, "Export"))
    assert lines[0] == ["Name", "Email", "Role", "Status", "Last active"]
    assert len(lines) == 1 + 215
    assert lines[1][0] == "'=HYPERLINK Évil"
    assert {line[2] for line in lines[1:]} == {"Sales Engineer"}

    await page.get_by_text("Columns", exact=True).click()
    await page.get_by_role("checkbox", name="Role", exact=True).uncheck()
    await page.keyboard.press("Escape")
    await page.get_by_role("checkbox", name="Select Person 001").check()
    export = page.get_by_role("toolbar").get_by_role("button", name="Export")
    lines = await _exported(page, export.click)
    assert [line[0] for line in lines[1:]] == ["Person 001"]
    assert lines[0] == ["Name", "Email", "Status", "Last active"]
    assert (await books.actions_of(tenant)).count(UserAction.EXPORTED) == 2


async def test_columns_and_rows_are_chosen_once_and_for_every_browser(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await expect(page.get_by_role("columnheader", name="Email")).to_be_visible()
    await page.get_by_text("Columns", exact=True).click()
    await page.get_by_role("checkbox", name="Email", exact=True).uncheck()
    await expect(page.get_by_role("columnheader", name="Email")).to_have_count(0)
    await expect(page.get_by_role("checkbox", name="Name", exact=True)).to_be_disabled()
    await page.get_by_role("checkbox", name="Invited by", exact=True).check()
    high = await Grid(page).rows.first.evaluate("row => row.offsetHeight")
    await page.get_by_role("radio", name="Compact").check()
    await page.get_by_label("Rows per page").select_option("25")
    await expect(page.locator(".list")).to_have_class(re.compile("is-compact"))

    async def is_kept() -> bool:
        kept = await choices.find_choices(admin, USERS)
        return (kept.size, kept.compact) == (25, True)

    await until(is_kept)  # another browser that opens the list before that hears of nothing

    # Who invited somebody is known of rows, too, that come while the list is open.
    other = await browsers.as_user(grace, f"/t/{tenant.slug}/users?inviter={grace.id}")
    await expect(other.get_by_label("Invited by")).to_have_value("")
    await expect(other.get_by_role("heading", name="No users match")).to_be_visible()
    form = InvitationForm(
        first_name="Radia",
        last_name="Perlman",
        email=f"radia@{tenant.slug}.example.com",
        role="sales_engineer",
    )
    await invitations.invite(admin, form)
    await expect(Grid(other).names).to_have_text(["Radia Perlman"])
    await expect(other.get_by_role("columnheader", name="Role")).to_be_visible()
    await expect(other.get_by_role("columnheader", name="Email")).to_have_count(0)
    await expect(other.get_by_role("columnheader", name="Invited by")).to_be_visible()
    assert await Grid(other).rows.first.evaluate("row => row.offsetHeight") < high
    await other.goto(f"/t/{tenant.slug}/users?inviter={grace.id}")
    await expect(other.get_by_label("Invited by")).to_have_value(str(grace.id))
    await expect(Grid(other).row("Radia Perlman")).to_contain_text("Grace Hopper")
    await other.get_by_text("Columns", exact=True).click()
    await expect(other.get_by_label("Rows per page")).to_have_value("25")


async def test_a_view_has_a_name_and_a_url(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await factories.create_user(tenant, first_name="Hedy", invited=True)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_label("Status").select_option("Invited")
    await expect(Grid(page).names).to_have_text(["Hedy Lovelace"])
    await page.get_by_label("Saved views").click()
    await page.get_by_label("Name of this view").fill("Still out")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_label("Saved views")).to_have_text("Still out")
    await expect(page.get_by_label("Saved views")).to_be_focused()
    await expect(page).to_have_url(re.compile(r"/users\?status=invited&view=Still\+out$"))
    await views_are_kept(admin, USERS, "Still out")

    other = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await expect(Grid(other).names).to_have_count(3)
    await other.get_by_label("Saved views").click()
    await other.get_by_role("link", name="Still out").click()
    await expect(Grid(other).names).to_have_text(["Hedy Lovelace"])
    await expect(other.get_by_label("Saved views").locator("bdi")).to_have_text("Still out")
    await other.get_by_label("Saved views").click()
    await other.get_by_role("button", name="Remove Still out").click()
    await expect(other.get_by_role("link", name="Still out")).to_have_count(0)
    await views_are_kept(admin, USERS)
    again = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await again.get_by_label("Saved views").click()
    await expect(again.get_by_label("Name of this view")).to_be_visible()
    await expect(again.get_by_role("link", name="Still out")).to_have_count(0)


async def test_keys_move_select_search_and_open(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await expect(grid.rows).to_have_count(2)
    await page.keyboard.press("j")
    await expect(grid.row("Ada Lovelace").get_by_role("link")).to_be_focused()
    await page.keyboard.press("j")
    await expect(grid.row("Grace Hopper").get_by_role("link")).to_be_focused()
    await page.keyboard.press("x")
    await expect(page.get_by_role("checkbox", name="Select Grace Hopper")).to_be_checked()
    await page.keyboard.press("k")
    await page.keyboard.press("/")
    await expect(grid.search).to_be_focused()
    await page.keyboard.press("j")
    await expect(grid.search).to_have_value("j")
    await grid.search.fill("")
    await page.locator("header .tenant-name").click()  # beside everything, as a person leaves it
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    await keys.get_by_role("checkbox", name="Single keys work outside of fields").uncheck()
    await keys.get_by_role("button", name="Close").click()
    await expect(keys).to_have_count(0)
    await page.keyboard.press("/")
    await expect(grid.search).not_to_be_focused()
    await page.keyboard.press("?")
    await keys.get_by_role("checkbox", name="Single keys work outside of fields").check()
    await keys.get_by_role("button", name="Close").click()
    await expect(keys).to_have_count(0)
    await expect(grid.rows).to_have_count(2)
    await page.keyboard.press("j")
    await expect(grid.row("Ada Lovelace").get_by_role("link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


async def _press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_keys_filter_select_down_act_and_show_what_is_new(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await expect(grid.rows).to_have_count(2)
    await _press(page, "h")
    await expect(grid.names).to_have_text(["Grace Hopper"])
    await _press(page, "Shift+F")
    await expect(grid.names).to_have_text(["Ada Lovelace", "Grace Hopper"])
    await grid.search.blur()
    await _press(page, "j", "j", "Shift+X")
    await expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    await _press(page, "Escape", "k", "d")
    await expect(page.get_by_role("toolbar")).to_have_count(0)
    await expect(dialog(page)).to_contain_text("Deactivate Ada Lovelace?")
    await _press(page, "Escape")
    await expect(dialog(page)).to_have_count(0)
    await _press(page, "e")
    await expect(dialog(page).get_by_label("End Date")).to_be_visible()
    await _press(page, "Escape")
    await expect(dialog(page)).to_have_count(0)
    form = InvitationForm(
        first_name="Radia",
        last_name="Perlman",
        email=f"radia@{tenant.slug}.example.com",
        role="sales_engineer",
    )
    await invitations.invite(admin, form)
    await expect(page.get_by_role("button", name="1 new user · Show")).to_be_visible()
    await _press(page, "r")
    await expect(grid.names.first).to_have_text("Radia Perlman")
    await _press(page, "f")  # whom to choose from is read when the filter is asked for
    await page.get_by_role("button", name="Invited by", exact=True).click()
    await page.get_by_label("Invited by").select_option("Grace Hopper")
    await expect(grid.names).to_have_text(["Radia Perlman"])


async def test_keys_go_to_pages_and_back_and_are_listed_on_each(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await _press(page, "?")
    await look(page, "keyboard")
    await _press(page, "Escape")
    await grid.row("Ada Lovelace").get_by_role("link").click()
    await expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    await connected(page)
    await _press(page, "Escape")
    await expect(grid.rows).to_have_count(2)
    await connected(page)
    await _press(page, "g", "r")
    await expect(page.get_by_role("heading", name="Roles", exact=True)).to_be_visible()
    await connected(page)
    await _press(page, "?")
    listed = page.get_by_role("dialog", name="Keyboard")
    await expect(listed).to_contain_text("Users, then any page of the menu")
    await expect(listed).not_to_contain_text("Down, up")


async def test_the_whole_row_opens_and_the_way_back_leads_to_the_same_place(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=active&page=2")
    grid = Grid(page)
    await expect(grid.rows).to_have_count(50)
    row = grid.rows.nth(30)
    await row.scroll_into_view_if_needed()
    name = await row.locator(".name-link").inner_text()
    scrolled = await page.evaluate("() => scrollY")
    assert scrolled > 300
    await row.locator(".col-role").click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await page.get_by_role("link", name="← All users").click()
    await expect(grid.row(name)).to_be_in_viewport()
    assert page.url.endswith("/users?status=active&page=2")
    await expect(page.get_by_label("Status")).to_have_value("active")

    await connected(page)
    await _press(page, "j", "j")
    link = grid.rows.nth(1).locator(".name-link")
    await expect(link).to_be_focused()
    opened = await link.inner_text()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=opened)).to_be_visible()
    await page.go_back()
    await expect(grid.row(opened).locator(".name-link")).to_be_focused()
    await page.goto(f"/t/{tenant.slug}/pocs")  # a list, too
    await page.go_back()
    await expect(grid.row(opened).locator(".name-link")).to_be_focused()


async def test_filters_counts_and_headings_stay_in_sight(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await expect(grid.rows).to_have_count(50)
    await grid.rows.last.scroll_into_view_if_needed()
    heading = page.get_by_role("columnheader", name="Email")
    for part in (page.get_by_role("searchbox"), page.locator(".counts strong"), heading):
        await expect(part).to_be_in_viewport(ratio=1)
    counts, below = await page.locator(".counts").bounding_box(), await heading.bounding_box()
    assert counts is not None
    assert below is not None
    assert counts["y"] + counts["height"] <= below["y"], "the heading stands below the counts"


async def test_a_list_without_rows_says_how_the_first_one_comes_and_offers_it(
    browsers: Browsers, tenant: Tenant
) -> None:
    engineer = await factories.create_user(tenant)
    page = await browsers.as_user(engineer, f"/t/{tenant.slug}/pocs")
    await expect(page.get_by_role("heading", name="No POCs yet")).to_be_visible()
    await expect(page.get_by_text("Begin the first one, from templates or empty.")).to_be_visible()
    await page.locator(".empty").get_by_role("button", name="+ New POC").click()
    await expect(dialog(page).get_by_role("heading", name="New POC")).to_be_visible()


async def test_why_a_list_cannot_be_read_stands_above_the_rows_that_it_keeps(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await expect(grid.rows).to_have_count(2)
    await connected(page)
    await _require_second_factor(tenant, SecondFactorPolicy.EVERYONE)
    await grid.search.fill(ada.first_name)
    failure = page.get_by_role("alert").filter(has_text="Couldn't load users.")
    await expect(failure).to_contain_text("Your organisation requires a second factor.")
    await expect(grid.rows).to_have_count(2)
    await _require_second_factor(tenant, SecondFactorPolicy.OPTIONAL)
    await failure.get_by_role("button", name="Try again").click()
    await expect(grid.rows).to_have_count(1)
    await expect(failure).to_have_count(0)


async def _require_second_factor(tenant: Tenant, policy: SecondFactorPolicy) -> None:
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).second_factor_policy = policy
