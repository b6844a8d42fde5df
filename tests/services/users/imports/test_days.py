"""End dates as people's files write them."""

import pytest

from services.access.actor import Actor
from services.users.imports.columns import find_columns, to_rows
from services.users.imports.days import Order, WrittenEnd, find_order, read_end
from services.users.imports.files import read_file
from services.users.imports.preview import Fate, judge
from tests.workbooks import workbook_of


@pytest.mark.parametrize(
    ("cell", "day", "at"),
    [
        ("", "", ""),
        ("2026-12-31", "2026-12-31", ""),
        ("2026/1/5", "2026-01-05", ""),
        ("2026-12-31T18:00", "2026-12-31", "18:00"),
        ("31.12.2026", "2026-12-31", ""),
        ("5.6.2026 18:00", "2026-06-05", "18:00"),
        ("31.12.26", "2026-12-31", ""),
        ("31/12/2026", "2026-12-31", ""),
        ("12/31/2026", "2026-12-31", ""),
        ("12-31-2026 6:30 PM", "2026-12-31", "18:30"),
        ("12/31/2026 12:00:00 AM", "2026-12-31", ""),
        ("05/05/2026", "2026-05-05", ""),
        ("31.02.2026", "31.02.2026", ""),
        ("for ever", "for", "ever"),
    ],
)
def test_a_day_that_can_be_read_one_way_is_read(cell: str, day: str, at: str) -> None:
    assert read_end(cell) == WrittenEnd(day, at)


def test_a_day_that_can_be_read_two_ways_is_never_guessed() -> None:
    end = read_end("05/06/2026")
    assert end.day == "05/06/2026"
    assert "may be 5 June or 6 May. Write it as 2026-06-05" in end.problem


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["05/06/2026", "31/12/2026"], Order.DAY),
        (["05/06/2026", "", "12/31/2026"], Order.MONTH),
        (["05/06/2026", "04/07/2026"], Order.UNKNOWN),
        (["31/12/2026", "12/31/2026"], Order.UNKNOWN),
        (["05/06/2026", "31.12.2026", "2026-12-31"], Order.UNKNOWN),
    ],
)
def test_a_column_tells_which_part_is_the_day(cells: list[str], order: Order) -> None:
    assert find_order(cells) is order


async def test_the_column_of_a_file_decides_for_all_of_its_rows() -> None:
    lines = [
        "First Name;Last Name;Email;Ende",
        "A;B;a@b.example;05/06/2026",
        "C;D;c@d.example;13/06/2026",
    ]
    file = await read_file("people.csv", "\n".join(lines).encode())
    rows = to_rows(file.rows, find_columns(file.headings, file.rows))
    assert [row.values["end_date"] for row in rows] == ["2026-06-05", "2026-06-13"]


async def test_a_date_cell_of_a_workbook_is_that_day_and_time() -> None:
    texts = '<c t="inlineStr"><is><t>{}</t></is></c>'
    heading = f"<row>{texts.format('Email')}{texts.format('End Date')}</row>"
    cells = [
        f'<c t="d"><v>{cell}</v></c>' for cell in ("2026-12-31T00:00:00", "2026-12-31T18:30:00")
    ]
    people = "".join(f"<row>{texts.format('a@b.example')}{cell}</row>" for cell in cells)
    file = await read_file("people.xlsx", workbook_of(heading + people))
    rows = to_rows(file.rows, find_columns(file.headings, file.rows))
    ends = [(row.values["end_date"], row.values["end_time"][:5]) for row in rows]
    assert ends == [("2026-12-31", ""), ("2026-12-31", "18:30")]


async def test_a_row_whose_day_may_be_two_is_told_what_to_write(admin: Actor) -> None:
    lines = ["First Name;Last Name;Email;Role;Ende", "A;B;a@b.example;Administrator;05/06/2026"]
    file = await read_file("people.csv", "\n".join(lines).encode())
    (judged,) = await judge(admin, to_rows(file.rows, find_columns(file.headings, file.rows)))
    assert judged.fate is Fate.CORRECT
    assert judged.why.startswith("The end date “05/06/2026” may be 5 June or 6 May.")
