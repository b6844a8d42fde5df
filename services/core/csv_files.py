"""CSV files that are written for people: every one of them by `csv_lines`."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# Without this mark a spreadsheet reads the file in an old encoding of its country.
BOM = "\ufeff"
# Characters that a spreadsheet reads as the beginning of a formula (OWASP, CSV Injection): the
# signs and their full-width forms, at the start of a cell, after optional white space. A cell
# begins after anything that the spreadsheet takes for a separator. In much of Europe that is the
# semicolon, whatever the file says, and then quotes within the line don't hold a cell together.
_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
_STARTS = tuple(f"{_SIGNS}\t\r\n")
_WITHIN = re.compile(f'[;,|\\t\\r\\n][\\s"]*(?=[{re.escape(_SIGNS)}])')


def csv_lines(rows: Iterable[Iterable[object]], *, first: bool = False) -> str:
    """Rows as lines of a CSV file; the `first` ones of a file begin it.

    Every cell is in quotes, lines end as RFC 4180 has it, and nothing is a formula to a
    spreadsheet: an apostrophe comes before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return (BOM if first else "") + buffer.getvalue()


def csv_file(columns: Sequence[object], rows: Sequence[Iterable[object]]) -> str:
    """A whole file, with its last line."""
    return csv_lines([columns, *rows, ending(len(rows), len(columns))], first=True)


def ending(count: int, width: int) -> tuple[object, ...]:
    """The last line of a file of so many rows and columns: without it, the file was cut off."""
    return ("rows", count, *[""] * (width - 2))


def is_ending(cells: Sequence[str]) -> bool:
    """Whether these are the cells of a last line."""
    return len(cells) > 1 and cells[0] == "rows" and cells[1].isdecimal() and not any(cells[2:])


def defused(cell: object) -> str:
    """The cell as text that no spreadsheet runs as a formula, whatever separates its cells."""
    text = _WITHIN.sub(r"\g<0>'", str(cell))
    return f"'{text}" if text.startswith(_STARTS) else text
