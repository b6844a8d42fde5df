"""Files as people have them: read right, or told in a sentence what they are."""

import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.core.errors import InvalidInputError
from services.users.imports import files
from services.users.imports.columns import Columns, ImportRow, find_columns, to_rows
from services.users.imports.files import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, read_file, readings
from tests.workbooks import workbook, workbook_of

HEAD = "First Name,Last Name,Email,Role\n"
ADA = ("Ada", "Lovelace", "ada@example.com", "sales_engineer")
PEOPLE = st.lists(
    st.tuples(*[st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]))] * 3),
    min_size=1,
    max_size=20,
)


async def _rows(content: str | bytes, name: str = "people.csv") -> list[ImportRow]:
    data = content.encode() if isinstance(content, str) else content
    file = await read_file(name, data)
    return to_rows(file.rows, find_columns(file.headings, file.rows))


async def _read(content: str | bytes) -> list[tuple[str, ...]]:
    return [
        (row.values["first_name"], row.values["last_name"], row.values["email"], row.values["role"])
        for row in await _rows(content)
    ]


async def _why(content: str | bytes) -> str:
    with pytest.raises(InvalidInputError) as caught:
        await _rows(content)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "First Name,Last Name,Email,Role\nAda,Lovelace,ada@example.com,Sales Engineer\n",
        "\ufeffFirst Name;Last Name;Email;Role\r\nAda;Lovelace;ada@example.com;Sales Engineer\r\n",
        "role\temail\tlast name\tfirst  name\nsales_engineer\tada@example.com\tLovelace\tAda",
        'Email,Role,First Name,Last Name,Note\n"ada@example.com",sales engineer,Ada,Lovelace,x\n\n',
        "sep=;\r\nFirst Name;Last Name;E-mail;Role\r\nAda;Lovelace;ada@example.com;Sales Engineer",
        "sep=|\nfirst_name|last_name|e-mail|role\nAda|Lovelace|ada@example.com|SALES ENGINEER",
        '"First; Name","Last Name",Email,Role\nAda,Lovelace,ada@example.com,Sales Engineer',
        '"First\nName","Last\r\nName",Email,Role\nAda,Lovelace,ada@example.com,Sales Engineer',
        "Vorname;Nachname;E-Mail-Adresse;Rolle\nAda;Lovelace;ada@example.com;Sales Engineer",
        "Prénom;Nom;Courriel;Rolle\nAda;Lovelace;ada@example.com;Sales Engineer",
        f"{HEAD}Ada,Lovelace,ada@example.com,Sales Engineer\nrows,1,,\n",
        "\n\n  \nFirst Name,Last Name,Email,Role\nAda,Lovelace,ada@example.com,Sales Engineer\n",
    ],
    ids=[
        "commas",
        "semicolons and a byte order mark",
        "tabs, another order",
        "a column more",
        "a line that says what separates",
        "bars, underscores, capitals",
        "a separator in a heading",
        "line breaks in headings",
        "German",
        "French",
        "an export of Rollcall's",
        "empty lines before",
    ],
)
async def test_a_file_is_read_as_people_write_it(text: str) -> None:
    assert await _read(text) == [ADA]


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        (
            "First Name [Required],Last Name [Required],Email Address [Required],Org Unit",
            "Ada,Lovelace,ada@example.com,/",
        ),
        (
            "userPrincipalName,displayName,surname,mail,givenName,id",
            "ada_x#EXT#@corp.example,Ada L.,Lovelace,ada@example.com,Ada,7",
        ),
        (
            "User name [userPrincipalName] Required,First name [givenName],Last name [surname]",
            "ada@example.com,Ada,Lovelace",
        ),
        (
            "version:v1.0\nUser name [userPrincipalName] Required,First name [givenName],Last name",
            "ada@example.com,Ada,Lovelace",
        ),
        ("login,firstName,lastName,middleName,email", "ada,Ada,Lovelace,,ada@example.com"),
        ("Given Name,Family Name,E-mail 1 - Value", "Ada,Lovelace,ada@example.com"),
    ],
    ids=[
        "Google Workspace",
        "Entra",
        "Entra, invitations",
        "Entra, its template",
        "Okta",
        "Google Contacts",
    ],
)
async def test_what_other_tools_export_needs_no_mapping_but_for_the_role(
    heading: str, row: str
) -> None:
    assert await _read(f"{heading}\n{row}\n") == [(*ADA[:3], "")]


async def test_one_role_can_be_given_to_everyone() -> None:
    file = await read_file("x.csv", b"givenName,surname,mail\nAda,Lovelace,ada@example.com\n")
    columns = find_columns(file.headings, file.rows)
    (row,) = to_rows(file.rows, Columns(columns.indexes, "administrator"))
    assert row.values["role"] == "administrator"


async def test_of_a_heading_that_comes_twice_the_column_with_something_in_it_counts() -> None:
    text = "First Name,Last Name,Email,Role,Email\nAda,Lovelace,,Sales Engineer,ada@example.com\n"
    assert await _read(text) == [ADA]
    file = await read_file("x.csv", text.encode())
    assert [file.headings[2], file.headings[4]] == ["Email (column 3)", "Email (column 5)"]


async def test_a_file_without_headings_keeps_its_first_row() -> None:
    file = await read_file("x.csv", b"Ada,Lovelace,ada@example.com\nGrace,Hopper,g@example.com\n")
    assert list(file.headings) == ["Column 1", "Column 2", "Column 3"]
    assert find_columns(file.headings, file.rows).indexes == {"email": 2}
    assert [row.line for row in file.rows] == [1, 2]


async def test_a_row_bears_the_number_of_the_line_where_a_text_editor_shows_it() -> None:
    text = 'sep=,\r\n"First\nName",Last Name,Email\r\n\r\n"Ada\r\nB",L,a@example.com\r\nC,D,e@f\r\n'
    assert [row.line for row in await _rows(text)] == [5, 7]
    mac = "First Name,Last Name,Email\rAda,L,a@example.com\rC,D,e@f"
    assert [row.line for row in await _rows(mac)] == [2, 3]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"],
)
async def test_accents_arrive_whatever_the_letters_are_written_in(encoding: str) -> None:
    ending = "\r" if encoding == "mac_roman" else "\r\n"
    text = f"First Name;Last Name;Email{ending}José;Müller;jm@example.com{ending}"
    ((first, last, *_),) = await _read(text.encode(encoding))
    assert (first, last) == ("José", "Müller")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Françoise Müller-Lacroix"),
        ("cp1252", "GÜNTHER WEIß"),
        ("cp1250", "Łukasz Zieliński"),
        ("cp1250", "Stanisław Wąs"),
        ("mac_roman", "José Müller"),
        ("mac_roman", "Zoë Brandstätter"),
    ],
)
async def test_the_guess_is_the_encoding_in_which_names_look_like_names(
    encoding: str, name: str
) -> None:
    first, last = name.split()
    data = f"First Name,Last Name,Email\n{first},{last},a@example.com\n".encode(encoding)
    file = await read_file("x.csv", data)
    assert file.encoding == encoding
    assert readings(file, data)[encoding] == {
        2: name
        if not first.isascii() and not last.isascii()
        else next(part for part in (first, last) if not part.isascii())
    }


async def test_the_choice_shows_real_rows_in_each_encoding_and_is_followed() -> None:
    rows = "Ada,Lovelace,a@x.org\nDvořák,Antonín,d@x.org\nČapek,Karel,c@x.org\nŠ,T,t@x.org\n"
    data = f"First Name,Last Name,Email\n{rows}".encode("cp1250")
    file = await read_file("x.csv", data)
    shown = readings(file, data)
    assert shown["cp1250"] == {3: "Dvořák Antonín", 4: "Čapek"}
    assert shown["cp1252"] == {3: "Dvoøák Antonín", 4: "Èapek"}
    chosen = await read_file("x.csv", data, "cp1250")
    assert chosen.rows[1].cells[0] == "Dvořák"
    odd = b"sep=&\n" + data.replace(b",", b"&")
    assert readings(await read_file("x.csv", odd), odd)["cp1250"] == {
        4: "Dvořák Antonín",
        5: "Čapek",
    }


async def test_where_the_file_says_how_it_is_written_there_is_no_choice() -> None:
    for data in (HEAD.encode() + "Zoë,Z,z@x.org,x".encode(), (HEAD + "a,b,c@d.e,f").encode()):
        assert (await read_file("x.csv", data)).encodings == ()


def _archive(*names: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "This file is empty."),
        (b"\xef\xbb\xbf \r\n\r\n", "This file is empty."),
        (b"\r\n \t\r\n", "This file is empty."),
        (HEAD, "no rows under its heading"),
        (HEAD + "\n\n", "no rows under its heading"),
        (HEAD + '"Ada,Lovelace,ada@example.com,Administrator\n', "opens in line 2 is never closed"),
        (HEAD + 'a,b,c,d\n"Ada" L,x,y,z\n', "In line 3 more text follows"),
        (HEAD + "a,b,c,d\n" * (MAX_ROWS + 1), "more than 10,000 rows"),
        (HEAD + "x" * 200_000 + ",b,c,d\n", "Line 2 has a cell that is too long"),
        ("x" * (MAX_BYTES + 1), "too large"),
        (",".join("x" * (MAX_COLUMNS + 1)) + "\na", "more than 100 columns"),
        (b"\x00\x01\x02\xff" * 40, "neither a text file nor a workbook"),
        (bytes(range(1, 32)) * 9, "neither a text file nor a workbook"),
        (b"\xff\xfe\x00\xd8\x41\x00", "neither a text file nor a workbook"),
        (b"%PDF-1.7\n%\xe2\xe3", "This is a PDF."),
        (b"\x89PNG\r\n\x1a\n", "This is a picture."),
        (b"\xff\xd8\xff\xe0JFIF", "This is a picture."),
        (b"\x1f\x8b\x08\x00", "This file is compressed."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "in the old format (.xls), or one with a pass"),
        ("\n<!DOCTYPE html><html><body>Sign in</body></html>", "This is a web page"),
        ('<?xml version="1.0"?><a/>', "This is XML."),
        ('[{"name": "Ada"}]', "This is JSON."),
        ("BEGIN:VCARD\nFN:Ada", "contacts (vCard)"),
        ("{\\rtf1 Ada}", "This is a text document."),
        (b"PK\x03\x04" + b"x" * 90, "This workbook is damaged."),
        (_archive("people.csv"), "This is an archive."),
        (_archive("word/document.xml", "[Content_Types].xml"), "This is a text document."),
        (_archive("ppt/presentation.xml"), "This is a presentation."),
        (_archive("mimetype", "content.xml"), "This is an OpenDocument file."),
        (_archive("Index/Document.iwa"), "This is a Numbers document."),
        (_archive("xl/workbook.xml"), "This workbook is damaged"),
        (workbook([]), "This workbook has no rows."),
        (workbook([["First Name", "Email"]]), "no rows under its heading"),
    ],
)
async def test_a_file_that_is_no_list_of_people_is_told_what_it_is(
    content: str | bytes, why: str
) -> None:
    assert why in await _why(content)


async def test_a_file_whose_headings_nobody_knows_is_read_for_its_columns_to_be_chosen() -> None:
    file = await read_file("x.csv", b"Wer;Wo\nAda;hier\n")
    assert list(file.headings) == ["Wer", "Wo"]
    assert find_columns(file.headings, file.rows).indexes == {}


async def test_a_workbook_is_read_with_its_row_numbers() -> None:
    data = workbook(
        [
            ["First Name", "Last Name", "Email", "Role"],
            [],
            ["Émile", "Zola", "e@x.org", "Sales Engineer"],
        ]
    )
    assert readings(await read_file("people.xlsx", data), data) == {}
    (row,) = await _rows(data, "people.xlsx")
    assert (row.line, row.values["first_name"], row.values["role"]) == (
        3,
        "Émile",
        "sales_engineer",
    )


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (
            '<row><c r="A1"><v>1</v></c></row><row><c r="XFD1048576"><v>1</v></c></row>',
            "damaged",
        ),
        ("<row><c><v>1</v></c></row>" * 20_000, "too many cells"),
        ("<row>" + "<c><v>1</v></c>" * 16_000 + "</row>" * 1, "more than 100 columns"),
    ],
    ids=["two cells far apart", "many rows", "many columns"],
)
async def test_a_small_workbook_with_much_in_it_takes_no_more_than_its_share(
    cells: str, why: str
) -> None:
    data = workbook_of(cells)
    assert len(data) < MAX_BYTES
    assert why in await _why(data)


async def test_a_workbook_that_unpacks_to_gigabytes_is_refused() -> None:
    data = workbook_of("<row><c><v>" + "1" * 50_000_000 + "</v></c></row>")
    assert len(data) < 100_000
    assert await _why(data)


@settings(max_examples=300, deadline=2000)
@given(st.binary(max_size=400))
@example(b"\xff\xfe\x00\x00")
@example(b"\xfe\xff\xd8")
@example(b"sep=\r\n")
@example(b'"')
@example("😀".encode("utf-16-le"))
async def test_no_bytes_crash_or_hang_it(data: bytes) -> None:
    with suppress(InvalidInputError):
        assert (await read_file("x", data)).rows


@settings(max_examples=60, deadline=2000)
@given(st.data())
async def test_no_cut_and_no_flipped_byte_of_a_real_file_crashes_it(data: st.DataObject) -> None:
    whole = bytearray((HEAD + "José,Müller,jm@example.com,Administrator\r\n" * 3).encode("utf-16"))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    with suppress(InvalidInputError):
        await _rows(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


@pytest.mark.long
@settings(max_examples=100, deadline=2000)
@given(PEOPLE, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]))
async def test_what_was_written_is_read(
    people: list[tuple[str, ...]], delimiter: str, ending: str
) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [("First Name", "Last Name", "Email"), *people]
    text = ending.join(delimiter.join(map(cell, line)) for line in lines)
    wanted = [person for person in people if any(part.strip() for part in person)]
    if wanted:
        assert [row[:3] for row in await _read(text)] == wanted
    else:
        assert await _why(text) == files.NO_ROWS


@pytest.mark.parametrize("name", ["emoji", "mac", "utf16"])
async def test_files_that_went_wrong_are_read(name: str) -> None:
    head, text = "First Name,Last Name,Email,Role", "ö😀,Emo,emo@example.com,Sales Engineer"
    filler = "x" * (11_990 - len(head))
    contents = {
        "emoji": f"{head}\n{filler},,,\n{text}\n".encode(),
        "mac": f"{head}\rJosé,Müller,j@example.com,Sales Engineer\r".encode("mac_roman"),
        "utf16": f"{head}\r\n{text}\r\n".replace(",", "\t").encode("utf-16"),
    }
    *_, last = await _read(contents[name])
    assert last[0] in {"ö😀", "José"}
