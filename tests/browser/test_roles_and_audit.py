"""The page that explains the roles, and the log of what happened."""

import csv
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import expect

from models import Role, Tenant, User
from services.access.actor import Actor
from services.access.permissions import CANNOT, PERMISSIONS, Permission
from services.audit.acting import acting
from services.audit.list import ENTRIES
from services.core import clock
from services.core.days import find_zone
from services.sessions.actions import SessionAction
from services.users import accounts
from services.users.actions import UserAction
from tests import books, factories
from tests.browser.browsers import Browsers, hear
from tests.browser.kept import views_are_kept
from tests.browser.looks import look
from tests.services.sign_in.test_sign_in import refusal
from tests.services.users.imports.importing import import_rows, rows_of

# The expected words; the page itself is made from the product's table.
PROMISED = {
    "Administrator": (
        "Create task and task group templates",
        "Add resources to templates",
        "View all POCs",
        "Can't manage users",
    ),
    "Sales Engineer": (
        "Create and manage POCs",
        "Invite customers",
        "Manage tasks and progress",
        "Add comments and resources",
        "Can't create templates",
    ),
}


async def test_the_roles_page_says_what_each_role_may_do(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/roles")
    for role in Role:
        card = page.locator(".role-card").filter(
            has=page.get_by_role("heading", name=role.label, exact=True)
        )
        said = {permission.value for permission in PERMISSIONS[role]}
        items = await card.get_by_role("listitem").all_text_contents()
        assert sorted(items) == sorted(said | set(CANNOT[role]))
        assert said.union(CANNOT[role]) >= set(PROMISED.get(role.label, ()))
        yours = card.get_by_text("Your role")
        await expect(yours).to_have_count(1 if role is Role.SALES_ENGINEER else 0)


async def test_the_audit_page_filters_and_goes_on_by_itself(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await accounts.rename(admin, ada.id, "Ada", "King")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows).to_have_count(1)
    await page.get_by_label("What", exact=True).select_option("User deactivated")
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    await accounts.set_active(admin, ada.id, False)
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Ada King")
    await expect(page).to_have_url(re.compile(r"\?action=user\.deactivated$"))
    await page.reload()
    await expect(rows).to_have_count(1)
    await page.go_back()
    await expect(rows).to_have_count(2)
    await page.get_by_role("searchbox", name="Search the log").fill("lovelace")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("User renamed")
    await page.get_by_role("button", name="Clear filters").click()
    await expect(rows).to_have_count(2)
    await page.get_by_label("When, from").fill("2999-01-01")
    await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


async def test_entries_stand_in_the_log_s_order_whichever_comes_first(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    entry: dict[str, object] = {
        "at": "2026-11-25T10:54:09+00:00",
        "actor": "Ada Lovelace",
        "action": "user.renamed",
        "action_label": "User renamed",
        "subject": "Grace Hopper",
        "subject_id": None,
        "ip": "",
        "summary": "",
        "hash": "",
    }
    numbered = [entry | {"id": f"entry-{number}", "number": number} for number in (2, 1, 3)]
    await hear(page, "rollcall_audit", *({"entry": each} for each in numbered))
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows).to_contain_text(["#3", "#2", "#1"])


async def test_the_log_leads_to_people_and_shows_one_act_on_many_as_one_line(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await accounts.rename(admin, ada.id, "Ada", "King")
    await import_rows(admin, rows_of("one@example.com", "two@example.com", "three@example.com"))
    async with acting(admin, Permission.SWITCH_USERS) as act:
        of_many = replace(act, run=uuid4())
        for user in (ada, grace):  # what others did came between
            await of_many.record(UserAction.ACTIVATED, user)
            await act.record(SessionAction.SIGNED_OUT, user)
    await refusal(tenant.slug, "stranger@example.com", "guessed")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    rows = page.locator("tbody").get_by_role("row")
    refused, invited = rows.nth(0), rows.filter(has_text="User invited")
    await expect(refused).to_contain_text("Somebody not signed in")
    await expect(refused).to_contain_text("as stranger@example.com")
    await expect(invited).to_have_count(1)
    await expect(invited).to_contain_text("3 entries of one act")
    await invited.get_by_role("button", name="Show each").click()
    await expect(invited).to_have_count(4)
    await expect(invited.filter(has_text="two@example.com")).to_have_count(1)
    activated = rows.filter(has_text="User activated")
    await expect(activated).to_have_text([re.compile("2 entries of one act")])
    await activated.get_by_role("button", name="Show each").click()
    await expect(activated).to_have_count(3)
    await rows.filter(has_text="User renamed").get_by_role("link", name="Ada King").click()
    await expect(page.get_by_role("heading", name="Ada King")).to_be_visible()


async def test_the_page_says_where_the_log_ends_and_has_the_key_of_its_exports(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await accounts.rename(admin, ada.id, "Ada", "King")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit?q=nothing")
    (first,) = await books.audit_of(tenant)
    await expect(page.get_by_text("The log ends with")).to_contain_text(f"#1 {first.hash[:12]}")
    await accounts.rename(admin, ada.id, "Ada", "Lovelace")
    _, second = await books.audit_of(tenant)
    await expect(page.get_by_text("The log ends with")).to_contain_text(f"#2 {second.hash[:12]}")
    async with page.expect_popup() as opened:
        await page.get_by_role("link", name="public key").click()
    await expect((await opened.value).get_by_text("BEGIN PUBLIC KEY")).to_be_visible()


async def test_the_log_loads_older_entries_on_demand(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await import_rows(admin, rows_of(*(f"{number}@example.com" for number in range(120))))
    for number in range(60):
        await accounts.rename(admin, ada.id, "Ada", f"Number {number}")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows).to_have_count(50)
    await rows.last.scroll_into_view_if_needed()
    heading = page.get_by_role("columnheader", name="When", exact=True)
    for part in (page.get_by_role("searchbox"), heading):
        await expect(part).to_be_in_viewport(ratio=1)
    await page.get_by_role("button", name="Load older").click()
    await expect(rows.filter(has_text="User renamed")).to_have_count(60)
    # Of one act, it brings all.
    await expect(page.get_by_text("120 entries of one act")).to_be_visible()
    await expect(page.get_by_role("button", name="Load older")).to_have_count(0)


def _not_at_midnight(*zones: str) -> str:
    """The first of these where no day ends or begins while a test runs."""
    around = [clock.now() + timedelta(minutes=minutes) for minutes in (-1, 15)]
    days = {zone: {at.astimezone(find_zone(zone)).date() for at in around} for zone in zones}
    return next(zone for zone in zones if len(days[zone]) == 1)


@pytest.mark.parametrize(
    "zones",
    [
        ("Pacific/Auckland", "Pacific/Kiritimati"),
        ("Pacific/Honolulu", "America/Anchorage"),
    ],
    ids=["far east", "far west"],
)
async def test_the_filters_mean_the_days_of_whoever_filters_and_new_entries_fit_them(
    browsers: Browsers,
    tenant: Tenant,
    grace: User,
    ada: User,
    admin: Actor,
    zones: tuple[str, ...],
) -> None:
    zone = _not_at_midnight(*zones)
    await accounts.rename(admin, ada.id, "Ada", "King")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit", timezone_id=zone)
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows.get_by_text("Today")).to_have_count(1)
    today = await page.evaluate("new Date().toLocaleDateString('sv')")
    await page.get_by_label("When, from").fill(today)
    await page.get_by_label("When, to").fill(today)
    await expect(page).to_have_url(re.compile("zone=[A-Z]"))
    await expect(rows).to_have_count(1)
    await accounts.rename(admin, ada.id, "Ada", "Lovelace")
    await expect(rows).to_have_count(2)
    await page.reload()
    await expect(rows).to_have_count(2)
    elsewhere = await browsers.as_user(
        grace, page.url.removeprefix(browsers.url), timezone_id="UTC"
    )
    await expect(elsewhere).to_have_url(re.compile("zone=UTC"))  # the same days, as they are here


async def test_the_log_has_columns_and_views_of_ones_own_and_keys(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    await accounts.rename(admin, ada.id, "Ada", "King")
    await accounts.set_active(admin, ada.id, False)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    await page.get_by_text("Columns", exact=True).click()
    await page.get_by_role("checkbox", name="IP address").uncheck()
    await expect(page.get_by_role("columnheader", name="IP address")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.get_by_label("What", exact=True).select_option("User renamed")
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows).to_have_count(1)
    await page.get_by_label("Saved views").click()
    await page.get_by_label("Name of this view").fill("Names")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/audit\?action=user\.renamed&view=Names$"))
    await page.keyboard.press("j")
    await expect(rows.first).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox", name="Search the log")).to_be_focused()
    await views_are_kept(admin, ENTRIES, "Names")

    other = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    await expect(other.get_by_role("columnheader")).to_have_text(
        ["When", "Who", "What", "Whom", "Details"]
    )
    await other.get_by_label("Saved views").click()
    await other.get_by_role("link", name="Names").click()
    await expect(other.locator("tbody").get_by_role("row")).to_have_count(1)
    await expect(other.get_by_label("What", exact=True)).to_have_value("user.renamed")


async def test_days_in_the_wrong_order_are_told(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit")
    await page.get_by_label("When, from").fill("2026-11-26")
    await page.get_by_label("When, to").fill("2026-11-25")
    told = page.get_by_text("“When, from” is after “When, to”, so nothing can match.")
    await expect(told).to_be_visible()
    await look(page, "audit-wrong-order")
    await page.get_by_role("button", name="Filters 2").click()  # in a narrow window they are folded
    await page.get_by_label("When, to").fill("2026-11-27")
    await expect(told).to_be_hidden()


async def test_a_search_folds_letters_for_rows_that_are_there_and_for_new_ones(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    emile = await factories.create_user(tenant, first_name="Émile", last_name="Zola")
    await accounts.rename(admin, emile.id, "Émile", "Öst")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit?q=emile")
    rows = page.locator("tbody").get_by_role("row")
    await expect(rows).to_have_count(1)
    await page.get_by_role("searchbox", name="Search the log").fill("ÉMILE ost")
    await expect(rows).to_have_count(1)
    await accounts.rename(admin, emile.id, "Émile", "Ostende")
    await expect(rows).to_have_count(2)


async def test_a_page_shows_local_times_alone_and_utc_in_the_tooltip(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(
        grace, f"/t/{tenant.slug}/users/{ada.id}", timezone_id="Asia/Kolkata"
    )
    invited = page.locator(".fact").filter(has_text="Invited").locator("time")
    there = (ada.created_at + timedelta(hours=5, minutes=30)).strftime("%-d %B %Y, %H:%M")
    await expect(invited).to_have_text(there)
    await expect(invited).to_have_attribute("title", re.compile("UTC$"))
    assert "UTC" not in await page.locator(".facts").first.inner_text()


def _read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))


@pytest.mark.parametrize("search", ["", "?q=hostile"])
async def test_the_export_is_a_csv_file_that_no_spreadsheet_runs(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor, search: str
) -> None:
    hostile = await factories.create_user(tenant, first_name="=1+1", last_name="Hostile")
    await accounts.set_active(admin, hostile.id, False)
    await accounts.set_active(admin, ada.id, False)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/audit{search}")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Export CSV").click()
    download = await started.value
    assert download.suggested_filename == f"audit-{tenant.slug}.csv"
    heads, *lines = _read_csv(await download.path())
    assert lines[-1][0] == "signature"
    assert heads[:5] == ["number", "time (UTC)", "who", "action", "whom"]
    assert ("'=1+1 Hostile", "User deactivated") in {(line[4], line[3]) for line in lines}
    assert any(line[4] == "Ada Lovelace" for line in lines) == (not search)
    if not search:  # the export itself is in the log, and shown at once
        await expect(page.locator("tbody")).to_contain_text("Audit exported")
