"""Inviting many from a CSV file, as an admin does it."""

from pathlib import Path

from playwright.async_api import FilePayload, Page, expect

from models import Tenant, User
from tests import books, factories
from tests.browser.browsers import Browsers
from tests.mail_server import MailServer

HEAD = "First Name,Last Name,Email,Role\n"


async def _choose(page: Page, text: str, encoding: str = "utf-8") -> None:
    file: FilePayload = {
        "name": "people.csv",
        "mimeType": "text/csv",
        "buffer": text.encode(encoding),
    }
    await page.get_by_label("Choose a CSV file").set_input_files(file)


async def _import_page(browsers: Browsers, tenant: Tenant, grace: User) -> Page:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await page.get_by_role("link", name="Invite from CSV").click()
    await expect(page.get_by_role("heading", name="Invite from a CSV file")).to_be_visible()
    return page


async def test_a_file_invites_everyone_and_tells_each_row_that_it_cant(
    browsers: Browsers, tenant: Tenant, grace: User, mail_server: MailServer, tmp_path: Path
) -> None:
    page = await _import_page(browsers, tenant, grace)
    people = [f"Person{n},Étoile,p{n}@{tenant.slug}.example.com,Administrator" for n in range(60)]
    bad = f"=1+1,Nobody,p0@{tenant.slug}.example.com,Administrator"
    await _choose(page, HEAD + "\n".join([*people, bad]))
    await expect(page.get_by_text("61 rows to invite.")).to_be_visible()
    await page.get_by_role("button", name="Send 61 invitations").click()
    await expect(page.get_by_text("61 of 61 rows done: 60 invited, 1 row not.")).to_be_visible()
    problems = page.get_by_role("table", name="Rows that weren't invited")
    await expect(problems.get_by_role("row").nth(1)).to_contain_text("already in use")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the results").click()
    saved = tmp_path / "results.csv"
    await (await download.value).save_as(saved)
    assert saved.read_bytes().startswith("\ufeff".encode())  # a spreadsheet reads its accents right
    *lines, end = saved.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 62
    assert end.startswith('"rows","61"')
    assert '"not invited"' in lines[-1]
    assert lines[-1].startswith('"62","\'=1+1 Nobody"')  # no formula for the spreadsheet
    await page.get_by_role("link", name="← All users").click()
    await expect(page.get_by_role("row").filter(has_text="Person0 Étoile")).to_be_visible()


async def test_another_admins_grid_shows_imported_people_at_once(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User
) -> None:
    watching = await browsers.as_user(alan, f"/t/{tenant.slug}/users")
    page = await _import_page(browsers, tenant, grace)
    await _choose(page, HEAD + f"Zoë,Zuse,zoe@{tenant.slug}.example.com,Sales Engineer")
    await page.get_by_role("button", name="Send 1 invitation").click()
    await expect(watching.get_by_role("row").filter(has_text="Zoë Zuse")).to_be_visible()


async def test_a_file_of_a_spreadsheet_in_windows_1252_is_read_right(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    row = f"Jürgen;Müller;jm@{tenant.slug}.example.com;Sales Engineer"
    await _choose(page, HEAD.replace(",", ";") + row, "windows-1252")
    await page.get_by_role("button", name="Send 1 invitation").click()
    await expect(page.get_by_text("1 of 1 row done: 1 invited.")).to_be_visible()
    (user,) = await books.users_with(f"jm@{tenant.slug}.example.com")
    assert user.full_name == "Jürgen Müller"


async def test_a_file_that_is_no_list_of_people_is_told_what_it_needs(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    await _choose(page, "who,what\na,b\n")
    await expect(page.get_by_text("must name the columns First Name")).to_be_visible()


async def test_an_import_can_be_stopped_and_keeps_what_it_did(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    people = [f"P{n},Q,q{n}@{tenant.slug}.example.com,Administrator" for n in range(3_000)]
    await _choose(page, HEAD + "\n".join(people))
    await page.get_by_role("button", name="Send 3,000 invitations").click()
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("whoever was invited stays invited")).to_be_visible()
    await expect(page.get_by_role("link", name="Download the results")).to_be_visible()


async def test_who_may_not_invite_finds_no_import(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    browsers.allowed.append(f"/t/{tenant.slug}/users/import")
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/users/import")
    await expect(page.get_by_text("Your role doesn't allow this")).to_be_visible()
    await factories.create_user(tenant)
