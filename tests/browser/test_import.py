"""Inviting many from a file, as an admin does it."""

from pathlib import Path

from playwright.async_api import FilePayload, Locator, Page, expect

from models import Tenant, User
from tests import books, factories
from tests.browser.browsers import Browsers
from tests.browser.grid import choose_more
from tests.browser.looks import look
from tests.browser.server import serving
from tests.browser.test_confirmation import _age_sessions
from tests.browser.test_first_start import set_up
from tests.mail_server import MailServer
from tests.workbooks import workbook

HEAD = "First Name,Last Name,Email,Role\n"
# What is a character of two units in JavaScript, where a piece of 12,000 of them would end.
ASTRAL = HEAD + "x" * (11_999 - len(HEAD)) + "😀,Emo,emo@{slug}.example.com,Sales Engineer\n"


async def _choose(page: Page, content: str | bytes, name: str = "people.csv") -> None:
    data = content.encode() if isinstance(content, str) else content
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": data}
    await page.get_by_label("Choose a file").set_input_files(file)


async def _import_page(browsers: Browsers, tenant: Tenant, grace: User) -> Page:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await choose_more(page, "Invite from a file")
    await expect(page.get_by_role("heading", name="Invite from a file")).to_be_visible()
    return page


def _row(page: Page, words: str) -> Locator:
    return (
        page.get_by_role("table", name="Rows of the file").get_by_role("row").filter(has_text=words)
    )


async def test_a_file_invites_everyone_and_tells_each_row_that_it_cant(
    browsers: Browsers, tenant: Tenant, grace: User, mail_server: MailServer, tmp_path: Path
) -> None:
    await factories.create_user(tenant, email=f"here@{tenant.slug}.example.com")
    page = await _import_page(browsers, tenant, grace)
    people = [f"Person{n},Étoile,p{n}@{tenant.slug}.example.com,Administrator" for n in range(60)]
    others = [
        f"=1+1,Nobody,p0@{tenant.slug}.example.com,Administrator",
        f"Here,Already,here@{tenant.slug}.example.com,Administrator",
        f"Head,Sales,head@{tenant.slug}.example.com,Head of Sales",
    ]
    await _choose(page, HEAD + "\n".join([*people, *others]))
    await expect(
        page.get_by_text("people.csv, 63 rows, commas. Nothing has been sent")
    ).to_be_visible()
    # A cell that is laid out as something else ends above its row's line.
    shown = await page.locator("td").evaluate_all(
        "tds => tds.map((td) => getComputedStyle(td).display)"
    )
    assert set(shown) == {"table-cell"}
    await page.get_by_role("button", name="Skipped 2").click()
    await expect(_row(page, "=1+1")).to_contain_text("Same as line 2")
    await expect(_row(page, "Already")).to_contain_text("Active user already")
    await page.get_by_role("button", name="Need a correction 1").click()
    await expect(_row(page, "Head of Sales")).to_contain_text("isn’t known")
    assert await books.users_with(f"p0@{tenant.slug}.example.com") == []
    async with page.expect_download() as rest:
        await page.get_by_role("button", name="Download the row").click()
    assert (await rest.value).suggested_filename == "rows-to-correct.csv"
    to_correct = (await (await rest.value).path()).read_text(encoding="utf-8-sig")
    assert to_correct.splitlines()[-1].startswith('"rows","1"')
    await page.get_by_role("button", name="Send 60 invitations").click()
    await expect(page.get_by_role("heading", name="60 people invited")).to_be_visible()
    await expect(page.get_by_text("60 of 60 rows done: 60 invited.")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the results").click()
    saved = tmp_path / "results.csv"
    await (await download.value).save_as(saved)
    assert saved.read_bytes().startswith("\ufeff".encode())  # a spreadsheet reads its accents right
    *lines, end = saved.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 61
    assert end.startswith('"rows","60"')
    await page.get_by_role("link", name="← All users").click()
    await expect(page.get_by_role("row").filter(has_text="Person0 Étoile")).to_be_visible()


async def test_a_character_that_javascript_cuts_in_two_holds_nothing_up(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    await _choose(page, ASTRAL.format(slug=tenant.slug))
    await expect(page.get_by_text("people.csv, 1 row, commas")).to_be_visible()
    await expect(_row(page, "Emo")).to_contain_text("200 characters at most")


async def test_letters_that_may_be_written_in_several_ways_are_asked_about(
    browsers: Browsers, tenant: Tenant, grace: User, mail_server: MailServer
) -> None:
    page = await _import_page(browsers, tenant, grace)
    row = f"José,Müller,jm@{tenant.slug}.example.com,Sales Engineer"
    await _choose(page, (HEAD + row).replace("\n", "\r").encode("mac_roman"))
    await expect(page.get_by_text("Line 2 reads José Müller")).to_be_visible()
    await page.get_by_text("Western", exact=True).click()
    await expect(page.get_by_text("Line 2 reads JosŽ MŸller")).to_be_visible()
    await page.get_by_text("Mac", exact=True).click()
    await expect(_row(page, "José")).to_contain_text("Invite")
    await page.get_by_role("button", name="Send 1 invitation").click()
    await expect(page.get_by_role("heading", name="1 person invited")).to_be_visible()
    (user,) = await books.users_with(f"jm@{tenant.slug}.example.com")
    assert user.full_name == "José Müller"


async def test_columns_are_chosen_by_hand_where_no_heading_names_them(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    text = f"Wer;Wie;Wo\nAda;Lovelace;ada@{tenant.slug}.example.com\n"
    await _choose(page, text)
    await expect(page.get_by_text("1 row stays out.")).to_be_visible()
    await expect(page.get_by_label("Column for Email")).to_have_value("2")  # it has an @
    await page.get_by_label("Column for First Name").select_option("Wer")
    await page.get_by_label("Column for Last Name").select_option("Wie")
    await page.get_by_label("Column for Role").select_option("Everyone is Sales Engineer")
    await expect(page.get_by_role("button", name="Send 1 invitation")).to_be_visible()
    await look(page, "import-preview")


async def test_without_a_mail_server_the_links_are_on_the_page(
    browsers: Browsers, tmp_path: Path
) -> None:
    async with serving(tmp_path / "data") as server:
        page = await browsers.stranger(server.url)
        await set_up(page, server.setup_url)
        await page.goto(f"{page.url.rpartition('/')[0]}/users/import")
        await _choose(page, HEAD + "Zoë,Zuse,zoe@example.com,Sales Engineer\nA,,x,y")
        await expect(page.get_by_text("Nobody has been invited yet.")).to_be_visible()
        assert "Send" not in await page.get_by_role("main").inner_text()
        await page.get_by_role("button", name="Make 1 link").click()
        link = page.get_by_label("Link for Zoë Zuse", exact=True)
        await expect(link).to_be_visible()
        await look(page, "import-links")
        invited = await browsers.new()
        welcome = await invited.new_page()
        await welcome.goto(await link.input_value())
        await expect(welcome.get_by_role("heading", level=1)).to_contain_text("Welcome")
        for context in (page.context, invited):  # before the server, which they would miss
            await context.close()


async def test_an_excel_workbook_is_read_as_it_is(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    rows = [
        ["First Name [Required]", "Last Name [Required]", "Email Address [Required]"],
        ["Émile", "Zola", f"emile@{tenant.slug}.example.com"],
    ]
    await _choose(page, workbook(rows), "people.xlsx")
    await expect(page.get_by_text("people.xlsx, 1 row, an Excel workbook.")).to_be_visible()
    await page.get_by_label("Column for Role").select_option("Everyone is Administrator")
    await expect(_row(page, "Émile")).to_contain_text("Invite")


async def test_a_file_that_is_no_list_of_people_is_told_what_it_is(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    await _choose(page, b"%PDF-1.7\n")
    await expect(page.get_by_role("main").get_by_text("This is a PDF.")).to_be_visible()


async def test_a_file_that_is_refused_leaves_the_focus_where_another_is_chosen(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    await page.get_by_label("Choose a file").focus()
    await _choose(page, b"%PDF-1.7\n")
    await expect(page.get_by_role("main").get_by_text("This is a PDF.")).to_be_visible()
    await expect(page.get_by_label("Choose a file")).to_be_focused()


async def test_the_password_is_asked_before_anything_else_happens(
    browsers: Browsers, tenant: Tenant, platform_user: User
) -> None:
    page = await browsers.as_user(platform_user, f"/t/{tenant.slug}/users/import")
    await _choose(page, HEAD + f"Boss,Admin,boss@{tenant.slug}.example.com,Tenant Admin")
    await _age_sessions(platform_user)
    await page.get_by_role("button", name="Send 1 invitation").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Password", exact=True)).to_be_visible()
    await expect(
        page.get_by_role("button", name="Send 1 invitation", include_hidden=True)
    ).to_be_visible()
    assert await page.get_by_role("progressbar").count() == 0
    await dialog.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    await dialog.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("heading", name="1 person invited")).to_be_visible()


async def test_the_page_may_be_left_and_another_admin_sees_how_far_it_is(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User
) -> None:
    watching = await browsers.as_user(alan, f"/t/{tenant.slug}/users/import")
    grid = await browsers.as_user(alan, f"/t/{tenant.slug}/users")
    page = await _import_page(browsers, tenant, grace)
    people = [f"P{n},Q,q{n}@{tenant.slug}.example.com,Administrator" for n in range(120)]
    await _choose(page, HEAD + "\n".join(people))
    await page.get_by_role("button", name="Send 120 invitations").click()
    done = page.get_by_role("heading", name="120 people invited")
    # On a fast machine nobody sees how far it is.
    await expect(page.get_by_role("progressbar", name="Inviting").or_(done).first).to_be_visible()
    await page.get_by_role("link", name="← All users").click()
    await watching.get_by_role("link", name="people.csv").click()
    await expect(watching.get_by_role("heading", name="120 people invited")).to_be_visible()
    await expect(grid.get_by_role("row").filter(has_text="P0 Q")).to_be_visible()
    await choose_more(page, "Invite from a file")
    await page.get_by_role("link", name="people.csv").click()
    await expect(done).to_be_visible()


async def test_an_import_can_be_stopped_and_keeps_what_it_did(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await _import_page(browsers, tenant, grace)
    people = [f"P{n},Q,q{n}@{tenant.slug}.example.com,Administrator" for n in range(3_000)]
    await _choose(page, HEAD + "\n".join(people))
    await page.get_by_role("button", name="Send 3,000 invitations").click()
    await page.get_by_role("button", name="Stop after this batch").click()
    await expect(page.get_by_text(f"Stopped by {grace.full_name}.")).to_be_visible()
    await expect(page.get_by_role("link", name="Download the results")).to_be_visible()


async def test_who_may_not_invite_finds_no_import(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    browsers.allowed.append(f"/t/{tenant.slug}/users/import")
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/users/import")
    await expect(page.get_by_role("heading", name="Not yours to open")).to_be_visible()
    await factories.create_user(tenant)
