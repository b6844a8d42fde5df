"""Finding users among many: search, filters, sorts, pages, and the url that keeps them."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Page, expect

from models import Tenant, User
from tests.browser.browsers import Browsers
from tests.browser.crowd import create_crowd
from tests.browser.grid import Grid
from tests.browser.waiting import eventually


def _asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


async def test_search_finds_names_and_emails_whatever_their_accents_and_case(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await expect(grid.counts).to_contain_text("251 users")
    for typed in ("angstrom", "person247", "ÅNGSTRÖM zoe"):
        await grid.search.fill("")
        await expect(grid.counts).to_have_text(re.compile("^251 users"))
        await grid.search.press_sequentially(typed)
        await expect(grid.names).to_have_text(["Zoë Ångström"])
        await expect(grid.counts).to_contain_text("1 of 251 users")
        await expect(grid.search).to_be_focused()
    await page.reload()
    await expect(grid.search).to_have_value("ÅNGSTRÖM zoe")
    await expect(grid.names).to_have_text(["Zoë Ångström"])
    await grid.search.fill("nobody has this name")
    await expect(page.get_by_role("heading", name="No users match")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(grid.counts).to_have_text(re.compile("^251 users"))
    await expect(grid.search).to_be_focused()


async def test_filters_are_in_the_url_and_come_back_with_it(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await page.get_by_label("Role", exact=True).select_option("Administrator")
    await expect(grid.counts).to_contain_text("36 of 251 users")
    await page.get_by_label("Status").select_option("Inactive")
    await expect(grid.counts).to_contain_text("4 of 251 users")
    await eventually(lambda: _asked(page) == {"role": "administrator", "status": "inactive"})
    bookmark = page.url

    await page.go_back()
    await expect(grid.counts).to_contain_text("36 of 251 users")
    await expect(page.get_by_label("Status")).to_have_value("")
    await page.go_forward()
    await expect(grid.counts).to_contain_text("4 of 251 users")
    await expect(page.get_by_label("Status")).to_have_value("inactive")

    other = Grid(await browsers.as_user(grace, bookmark))
    await expect(other.names).to_have_text(["Person 000", "Person 070", "Person 140", "Person 210"])
    await expect(other.page.get_by_label("Role", exact=True)).to_have_value("administrator")
    await other.page.get_by_label("Status").select_option("Invited")
    await expect(other.page.get_by_role("heading", name="No users match")).to_be_visible()
    await other.page.get_by_label("Status").select_option("Inactive")
    await expect(other.names).to_have_count(4)


async def test_every_column_sorts_both_ways(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await expect(page.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "ascending"
    )
    await expect(grid.names.first).to_have_text("Grace Hopper")
    # Per column, who comes first: upwards, and downwards.
    firsts = {
        "Email": ("Person 000", "Grace Hopper"),
        "Role": ("Person 000", "Grace Hopper"),
        "Status": ("Grace Hopper", "Person 240"),
    }
    for column, (up, down) in firsts.items():
        header = page.get_by_role("columnheader", name=column)
        await header.get_by_role("button").click()
        await expect(header).to_have_attribute("aria-sort", "ascending")
        await expect(grid.names.first).to_have_text(up)
        await header.get_by_role("button").click()
        await expect(header).to_have_attribute("aria-sort", "descending")
        await expect(grid.names.first).to_have_text(down)
    await page.reload()
    await expect(grid.names.first).to_have_text("Person 240")
    # NiceGUI's four, the messages, the surroundings and the table: each costs memory and time.
    html = await (await page.request.get(page.url)).text()
    assert html.count('{"tag":"') == 7


async def test_pages_turn_and_back_turns_them_back(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    await create_crowd(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    pager = page.get_by_role("navigation", name="Pages")
    await expect(grid.rows).to_have_count(50)
    await expect(pager).to_contain_text("Page 1 of 6")
    await expect(pager.get_by_role("button", name="Previous")).to_be_disabled()
    await pager.get_by_role("button", name="Next").click()
    await expect(pager).to_contain_text("Page 2 of 6")
    await expect(grid.names.first).to_have_text("Person 048")
    await eventually(lambda: _asked(page) == {"page": "2"})
    await page.go_back()
    await expect(pager).to_contain_text("Page 1 of 6")
    await expect(grid.names.first).to_have_text("Grace Hopper")
    await page.goto(f"/t/{tenant.slug}/users?page=6")
    await expect(grid.rows).to_have_count(1)
    await expect(pager.get_by_role("button", name="Next")).to_be_disabled()
    await grid.search.fill("person")
    await expect(pager).to_contain_text("Page 1 of 5")


async def test_a_malformed_query_is_answered_like_a_careless_one(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/account")
    grid = Grid(page)
    for query in (
        "page=-3&sort=drop%20table&dir=sideways&role=owner&status=%00&invited=maybe",
        "page=99999999999999999999&q=",
        "q=%00%ff%EF%BF%BE%F0%9F",
        "page=1%27--&role[]=x&=&&&q=%25_%5C",
        "q=" + "x" * 3000,
    ):
        await page.goto(f"/t/{tenant.slug}/users?{query}")
        await expect(grid.counts).to_contain_text("1 user")
        await grid.search.fill("grace")
        await expect(grid.names).to_have_text(["Grace Hopper"])
