"""The file with the rows that need a correction: it comes back as the next import."""

import csv
import io

from services.access.actor import Actor
from services.core.csv_files import BOM
from services.users.imports.columns import find_columns, to_rows
from services.users.imports.files import read_file
from services.users.imports.preview import judge, to_correct

PEOPLE = """First Name,Last Name,Email,Role
Ada,Lovelace,ada@example.com,Sales Engineer
Grace,Hopper,grace@example.com,Head of Sales
Alan,Turing,alan@example.com
"""


async def _saved(admin: Actor) -> str:
    file = await read_file("people.csv", PEOPLE.encode())
    rows = to_rows(file.rows, find_columns(file.headings, file.rows))
    return to_correct(file, await judge(admin, rows))


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


async def test_its_last_line_says_how_many_rows_it_has(admin: Actor) -> None:
    *_, last = _rows(await _saved(admin))
    assert last == ["rows", "2", "", "", ""]


async def test_an_import_takes_it_without_its_last_line(admin: Actor) -> None:
    file = await read_file("rows-to-correct.csv", (await _saved(admin)).encode())
    assert [row.cells[0] for row in file.rows] == ["Grace", "Alan"]


async def test_the_reason_stands_below_its_heading_where_a_row_has_fewer_cells(
    admin: Actor,
) -> None:
    headings, *rows, _ = _rows(await _saved(admin))
    assert {len(row) for row in rows} == {len(headings)}
    assert all(row[headings.index("What to correct")] for row in rows)
