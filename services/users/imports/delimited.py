"""Text files of separated cells: CSV as spreadsheets and other tools write it."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LINE_END = r"[ \t]*(?:\r\n|\r|\n|$)"
# Excel's own first line, which says what separates the cells.
_SEP = re.compile(rf'"?sep=([^\w\s"]|\t)"?{_LINE_END}')
# The first line of Entra's templates.
_VERSION = re.compile(rf'"?version:v[\d.]+"?[,;\t|]*{_LINE_END}')


class MalformedError(ValueError):
    """The file can't be read from some line on; `str(error)` says why, in words for a person."""


@dataclass(frozen=True)
class FileRow:
    """A row of a file; `line` is where it begins, as a text editor (or a spreadsheet) counts."""

    line: int
    cells: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not any(cell.strip() for cell in self.cells)


def find_delimiter(text: str, score: Callable[[Sequence[str]], int]) -> str:
    """The separator: the one with the best first row by its score, and then with the most cells."""
    said = _SEP.match(text)
    if said:
        return said[1]
    version = _VERSION.match(text)
    if version:
        text = text[version.end() :]

    def worth(delimiter: str) -> tuple[int, int]:
        cells = _first(text, delimiter)
        return score(cells), len(cells)

    return max(DELIMITERS, key=worth)


def read_rows(text: str, delimiter: str) -> Iterator[FileRow]:
    """The rows that aren't empty, in order. Raises `MalformedError`."""
    said = _SEP.match(text) or _VERSION.match(text)
    skipped = 0
    if said:
        text, skipped = text[said.end() :], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + skipped + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise MalformedError(_why(error, line)) from error
        if cells is None:
            return
        row = FileRow(line, tuple(cells))
        if not row.is_empty:
            yield row


def _first(text: str, delimiter: str) -> Sequence[str]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return next((cells for cells in reader if any(map(str.strip, cells))), [])
    except csv.Error:
        return []


def _why(error: csv.Error, line: int) -> str:
    words = str(error)
    if "end of data" in words:
        return f"A quotation mark that opens in line {line} is never closed."
    if "expected after" in words:
        return (
            f"In line {line} more text follows a closing quotation mark. Quotation marks within a "
            "cell are written twice."
        )
    return f"Line {line} has a cell that is too long."
