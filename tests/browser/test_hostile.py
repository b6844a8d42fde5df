"""Texts that mean harm, through the forms and back on the screen.

`Browsers` fails a test in which a script of theirs ran, or tried to and was stopped by the policy.
"""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from models import Tenant, User
from services.access.actor import Actor
from services.core.names import plain
from services.lists.query import LONGEST_SEARCH
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.browser.browsers import Browsers, fill
from tests.browser.grid import Grid, dialog, toast
from tests.browser.looks import SETTLED, SIDEWAYS
from tests.browser.server import serving
from tests.browser.waiting import eventually
from tests.hostile import HOSTILE, NAMES, Hostile
from tests.markup import Reader
from tests.sizes import size

# Each family of texts, a few times: for the forms whose fields are shown like any other's.
SOME = NAMES[::6]
# Every so many names are typed and looked at on a page of their own; what is shown where all of
# them are is the same whoever entered them.
EACH = size(7, 1)
HALVES = [NAMES[::2], NAMES[1::2]]


def _shown(text: str) -> str:
    return " ".join(text.split())


async def _expect_whole(page: Page) -> None:
    """The page is as it should be: nothing sticks out, and its frame is there."""
    for across, down in ((390, 844), (1440, 900)):
        await page.set_viewport_size({"width": across, "height": down})
        assert await page.evaluate(SIDEWAYS) <= 0, f"{page.url} scrolls sideways at {across}"
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.get_by_role("navigation").first).to_be_visible()


async def test_a_script_that_runs_and_one_that_is_stopped_are_noticed(browsers: Browsers) -> None:
    async def answer(route: Route) -> None:
        policy = {"Content-Security-Policy": "script-src 'self'"}
        strict = route.request.url.endswith("strict")
        body = "<p>x<img src=x onerror=alert(1)>" if strict else "<script>alert(1)</script>"
        headers = policy if strict else {}
        await route.fulfill(
            body=f"<!doctype html>{body}", content_type="text/html", headers=headers
        )

    context = await browsers.new()
    await context.route("**/made-up/*", answer)
    page = await context.new_page()
    await page.goto("/made-up/free")
    await page.goto("/made-up/strict")
    wanted = ("A script ran: alert(1)", "Content-Security-Policy: script-src-attr inline")
    await eventually(lambda: all(any(w in c for c in browsers.complaints) for w in wanted))
    browsers.complaints.clear()


async def test_a_part_that_is_missing_is_noticed_and_a_page_only_where_the_server_failed(
    browsers: Browsers,
) -> None:
    async def answer(route: Route) -> None:
        status = int(route.request.url.rpartition("/")[2])
        body = '<!doctype html><script src="/made-up/403"></script>' if status == 404 else ""
        await route.fulfill(status=status, body=body, content_type="text/html")

    context = await browsers.new()
    await context.route("**/made-up/*", answer)
    page = await context.new_page()
    for status in (404, 500):
        await page.goto(f"/made-up/{status}")
    await eventually(lambda: len(browsers.refused) == 3)
    assert sorted(browsers.unexpected()) == [
        f"403 for {browsers.url}/made-up/403",
        f"500 for {browsers.url}/made-up/500",
    ]
    browsers.refused.clear()


async def _invite(admin: Actor, hostile: Hostile, email: str) -> None:
    form = InvitationForm(
        first_name=hostile.text, last_name="Doe", email=email, role="administrator"
    )
    await invitations.invite(admin, form)


async def _deactivate(admin: Actor, user_id: UUID) -> set[str]:
    """Deactivate whoever it is, unless it is the admin; returns their name."""
    if user_id == admin.user_id:
        return set()
    await accounts.set_active(admin, user_id, active=False)
    return {_shown((await books.user_of(user_id)).full_name)}


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.parametrize("some", HALVES[: size(1, 2)])  # each has some of every family
async def test_names_come_back_as_they_were_entered(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, some: tuple[Hostile, ...]
) -> None:
    home = f"/t/{tenant.slug}"
    emails = [f"h{number}@{tenant.slug}.example.com" for number in range(len(some))]
    for number, hostile in enumerate(some):
        if number % EACH:
            await _invite(admin, hostile, emails[number])
    page = await browsers.as_user(grace, f"{home}/users")
    for email, hostile in list(zip(emails, some, strict=True))[::EACH]:
        await page.get_by_role("button", name="+ Invite User").click()
        form = dialog(page)
        await fill(form, first_name=hostile.text, last_name="Doe", email=email)
        await form.get_by_label("Role").select_option(label="Administrator")
        await form.get_by_role("button", name="Send Invitation").click()
        await expect(toast(page, email)).to_contain_text(f"{hostile.kept} Doe is invited.")
    names = {_shown(f"{hostile.kept} Doe") for hostile in some}
    grid = Grid(page)
    await expect(grid.names).to_have_count(len(some) + 1)
    assert {_shown(name) for name in await grid.names.all_text_contents()} - names == {
        "Grace Hopper"
    }
    await _expect_whole(page)
    links = await grid.names.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert all(re.fullmatch(rf"{home}/users/[0-9a-f-]{{36}}", link) for link in links)
    gone: set[str] = set()
    for number, link in enumerate(links[::2]):
        if number % EACH:
            gone |= await _deactivate(admin, UUID(link.rpartition("/")[2]))
            continue
        await page.goto(link)  # that takes a second each
        name = _shown(await page.get_by_role("heading", level=1).inner_text())
        assert name in names | {"Grace Hopper"}
        if name == "Grace Hopper":
            continue
        assert await page.evaluate(SIDEWAYS) <= 0, name
        await page.get_by_role("button", name="Deactivate", exact=True).click()
        asked = dialog(page).get_by_role("heading")
        assert _shown(await asked.inner_text()) == f"Deactivate {name}?"
        await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
        told = toast(page, "is deactivated. No page of theirs was open.")
        assert name in _shown(await told.inner_text())
        gone.add(name)
    assert len(gone) >= len(some) // 2 - 1
    await page.goto(f"{home}/audit")
    rows = page.locator("tbody").get_by_role("row")
    await page.get_by_role("button", name="Load older").click()
    await expect(rows).to_have_count(len(some) + len(gone))
    said = await rows.evaluate_all(
        "rows => rows.map(row => Array.from("
        "    row.cells, cell => (cell.querySelector('.isolate') ?? cell).textContent))"
    )
    for hostile in some:
        name = _shown(f"{hostile.kept} Doe")
        entries = sum(name in map(_shown, cells) for cells in said)
        assert entries == (2 if name in gone else 1), hostile.name
    await _expect_whole(page)


@pytest.mark.stress
async def test_a_search_shows_any_text_as_what_it_is(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    for hostile in HOSTILE:
        typed = plain(hostile.text)
        await grid.search.fill(typed)
        sought = (await grid.search.input_value()).strip()[:LONGEST_SEARCH]

        def is_in_the_address(sought: str = sought) -> bool:
            found = parse_qs(urlsplit(page.url).query, keep_blank_values=True).get("q", [""])
            return found[0].strip()[:LONGEST_SEARCH] == sought

        await eventually(is_in_the_address)
    await _expect_whole(page)
    for hostile in SOME[:: size(2, 1)]:
        await page.goto(f"/t/{tenant.slug}/users?{httpx.QueryParams(q=hostile.text)}")
        await expect(grid.search).to_have_value(hostile.text)
    for hostile in SOME[size(1, 0) :: size(2, 1)]:
        await page.goto(f"/t/{tenant.slug}/audit?{httpx.QueryParams(q=hostile.text)}")
        search = page.get_by_role("searchbox", name="Search the log")
        await expect(search).to_have_value(hostile.text)
    await _expect_whole(page)


async def test_an_imported_file_shows_each_of_its_names(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/import")
    cells = ['"' + hostile.text.replace('"', '""') + '"' for hostile in NAMES]
    lines = [f"{cell},Doe,no address,Administrator" for cell in cells]
    file: FilePayload = {
        "name": "<img src=x onerror=alert(1)>.csv",
        "mimeType": "text/csv",
        "buffer": ("First Name,Last Name,Email,Role\r\n" + "\r\n".join(lines)).encode(),
    }
    await page.get_by_label("Choose a file").set_input_files(file)
    rows = page.get_by_role("table", name="Rows of the file").get_by_role("row")
    await expect(rows).to_have_count(len(NAMES) + 1)
    said = [_shown(text) for text in await rows.all_text_contents()]
    for hostile in NAMES:
        assert any(_shown(hostile.text) in text for text in said), hostile.name
    await _expect_whole(page)


@pytest.mark.stress
async def test_names_of_tenants_come_back_as_they_were_entered(
    browsers: Browsers, robin: User
) -> None:
    page = await browsers.as_user(robin, "/platform/tenants")
    for hostile in SOME[:: size(2, 1)]:
        await page.get_by_role("button", name="+ Create organisation").first.click()
        await fill(dialog(page), name=hostile.text)
        await dialog(page).get_by_role("button", name="Create organisation").click()
        await expect(dialog(page)).to_be_hidden()
        link = page.locator("tbody .name-link").get_by_text(hostile.kept, exact=True)
        await expect(link.first).to_be_visible()
    await _expect_whole(page)
    await page.locator("tbody .name-link").get_by_text(SOME[0].kept).first.click()
    await expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()
    await _expect_whole(page)


@pytest.mark.stress
async def test_a_changed_name_comes_back_as_it_was_entered(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    heading = page.get_by_role("heading", level=1)
    for hostile in SOME[size(1, 0) :: size(2, 1)]:
        await page.get_by_role("button", name="Edit name").click()
        await fill(dialog(page), first_name=hostile.text, last_name=hostile.text)
        await dialog(page).get_by_role("button", name="Save").click()
        await expect(dialog(page)).to_be_hidden()
        await expect(heading).to_have_text(f"{hostile.kept} {hostile.kept}")
    await _expect_whole(page)


async def test_a_password_may_be_any_text_and_is_shown_nowhere(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await page.get_by_role("button", name="Change password").click()
    form = dialog(page)
    change = form.get_by_role("button", name="Change password")
    for hostile in SOME[::3]:
        await fill(form, current_password="not the one", new_password=f"{hostile.text} {ada.id}")
        await change.click()
        await expect(change).not_to_have_attribute("aria-busy", "true")
        # After a few, there is a pause to wait for.
        await expect(form.locator("[aria-invalid=true], [role=alert]").first).to_be_visible()
        assert hostile.text not in await page.locator("body").inner_text()
    await _expect_whole(page)


async def test_single_sign_on_refuses_what_is_no_provider(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/sign-in")
    await page.get_by_role("button", name="Connect").click()
    form = dialog(page)
    for hostile in SOME:
        for label in ("Name on the button", "Discovery address", "Client ID", "Email domains"):
            await form.get_by_label(label).fill(hostile.text)
        save = form.get_by_role("button", name="Save")
        await save.click()
        await expect(save).not_to_have_attribute("aria-busy", "true")
        await expect(form.locator("[aria-invalid=true]").first).to_be_focused()
        await expect(form.get_by_label("Name on the button")).to_have_value(hostile.text)


async def test_a_press_counts_though_an_answer_moves_its_button_meanwhile(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    tall = {"width": 1280, "height": 1200}  # so that nothing scrolls
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/sign-in", viewport=tall)
    await page.get_by_role("button", name="Connect").click()
    form = dialog(page)
    await form.get_by_label("Name on the button").fill("Identity")
    await page.evaluate(SETTLED)  # the dialog has come to where it stays
    box = await form.get_by_role("button", name="Save").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 9, box["y"] + 3)
    await page.mouse.down()
    await form.get_by_label("Email domains").fill("not-a-domain-" * 20)  # of which lines are said
    checks = 'showChecked", ["domains"'
    await eventually(lambda: any(checks in frame.replace("\\", "") for frame in browsers.frames))
    await page.evaluate("() => new Promise(requestAnimationFrame)")
    await page.mouse.up()
    await expect(form.get_by_label("Discovery address")).to_be_focused()


async def test_plain_pages_repeat_any_text_as_a_value_and_nothing_else(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data") as server,
        httpx.AsyncClient(headers={"Origin": server.url}, timeout=60) as http,
    ):
        assert server.setup_url is not None
        names = ("organisation", "first_name", "last_name", "email")
        # The last two take their time for each answer, so that it says nothing.
        forms = (
            (server.setup_url, names, HOSTILE),
            (f"{server.url}/platform/login", ("email", "next"), SOME),
            (f"{server.url}/platform/password/forgot", ("email",), SOME),
        )
        for address, fields, texts in forms:
            usual = await http.post(address, data=dict.fromkeys(fields, "x"))
            # What is wrong, and a pause after too many tries, are told in elements of their own.
            told = {"p", "p class", "p class id", "div class role"}
            elements = _without(Reader(usual.text), told)
            for hostile in texts:
                text = hostile.text.encode("utf-8", "replace").decode()
                answer = await http.post(address, data=dict.fromkeys(fields, text))
                assert answer.status_code < 500, hostile.name
                assert _without(Reader(answer.text), told) == elements, hostile.name


def _without(reader: Reader, told: set[str]) -> dict[str, int]:
    marks = ("aria-invalid ", "aria-describedby ", "autofocus ")
    found: dict[str, int] = {}
    for element, count in reader.elements.items():
        if element in told:
            continue
        for mark in marks:
            element = element.replace(mark, "")  # noqa: PLW2901 - the name without its marks
        found[element] = found.get(element, 0) + count
    return found
