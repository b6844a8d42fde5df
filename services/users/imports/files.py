"""Reads a file of people, of any kind: rows under headings, or a sentence that says what it is.

Nothing is stored. Any file is read within a limit of time and memory, or refused.
"""

import asyncio
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice

from services.core.csv_files import is_ending
from services.core.errors import InvalidInputError
from services.core.file_names import clean_file_name
from services.users.imports.columns import count_known
from services.users.imports.delimited import (
    DELIMITERS,
    FileRow,
    MalformedError,
    find_delimiter,
    read_rows,
)
from services.users.imports.encodings import NotTextError, decode
from services.users.imports.workbook import read_workbook

MAX_BYTES = 4_000_000
"""A file of `MAX_ROWS` people has about a fifth of that."""
MAX_ROWS = 10_000
"""How many rows one file may have; several files may follow each other."""
MAX_COLUMNS = 100
# How many letters are shown of a heading, and of a cell that is a sample.
SHOWN = 80

OLD_OR_LOCKED = (
    "This is an Excel workbook in the old format (.xls), or one with a password. Save it as .xlsx, "
    "without a password."
)
# What a file is that isn't a list of people, by its first bytes.
_OTHERS: Sequence[tuple[bytes, str]] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OR_LOCKED),
    (b"%PDF", "This is a PDF. Export the list as .csv or .xlsx instead."),
    (b"\x89PNG", "This is a picture. Choose a .csv or .xlsx file."),
    (b"\xff\xd8\xff", "This is a picture. Choose a .csv or .xlsx file."),
    (b"GIF8", "This is a picture. Choose a .csv or .xlsx file."),
    (b"\x1f\x8b", "This file is compressed. Unpack it first, then choose what was in it."),
    (b"7z\xbc\xaf", "This file is compressed. Unpack it first, then choose what was in it."),
    (b"Rar!", "This file is compressed. Unpack it first, then choose what was in it."),
)
# The same, by the beginning of its text.
_TEXTS: Sequence[tuple[str, str]] = (
    (
        r"<(!doctype html|html|head|body)\b",
        "This is a web page, not a list. Perhaps the export wanted you to sign in first.",
    ),
    (r"<\?xml|<[a-z]+[^<>]*>", "This is XML. Export the list as .csv or .xlsx instead."),
    (r"[{\[]\s*[\"{\[]", "This is JSON. Export the list as .csv or .xlsx instead."),
    (r"BEGIN:VCARD", "These are contacts (vCard). Export the list as .csv or .xlsx instead."),
    (r"\{\\rtf", "This is a text document. Save the list as .csv or .xlsx instead."),
)
EMPTY = "This file is empty."
NO_ROWS = "This file has no rows under its heading."
NOT_TEXT = "This is neither a text file nor a workbook. Choose a .csv or .xlsx file."
TOO_LONG = "This file is too large: 4 MB at most. Split it."
TOO_MANY = f"This file has more than {MAX_ROWS:,} rows. Split it."
TOO_WIDE = f"This file has more than {MAX_COLUMNS} columns. Is it a list of people?"


@dataclass(frozen=True)
class ImportFile:
    """A file that was read. `kind` says in words what kind of file it is; `encodings` are those
    that it may have, if that is a question. A file without headings has made-up ones."""

    name: str
    kind: str
    headings: Sequence[str]
    has_headings: bool
    rows: Sequence[FileRow]
    encoding: str = ""
    encodings: Sequence[str] = ()
    delimiter: str = ""


async def read_file(name: str, data: bytes, encoding: str = "") -> ImportFile:
    """Read a file; raises `InvalidInputError` with a sentence that fits the kind of file."""
    if len(data) > MAX_BYTES:
        raise _refused(TOO_LONG)
    try:
        if data.startswith(b"PK\x03\x04"):
            _require_workbook(data)
            rows = await read_workbook(data, MAX_ROWS + 100, MAX_ROWS * MAX_COLUMNS)
            return _under_headings(name, "an Excel workbook", rows)
        return await asyncio.to_thread(_read_text, name, data, encoding)
    except MalformedError as error:
        raise _refused(str(error)) from error


def readings(file: ImportFile, data: bytes) -> Mapping[str, Mapping[int, str]]:
    """Two rows that differ between the encodings, as each encoding reads them, by line."""
    texts = {encoding: data.decode(encoding) for encoding in file.encodings}
    told = [row.line for row in file.rows if not all(map(str.isascii, row.cells))][:2]
    shown: dict[str, dict[int, str]] = {}
    for encoding, text in texts.items():
        found = (row for row in read_rows(text, file.delimiter) if row.line in told)
        shown[encoding] = {
            row.line: " ".join(cell.strip() for cell in row.cells if not cell.isascii())[:SHOWN]
            for row in islice(found, len(told))
        }
    return shown


def _read_text(name: str, data: bytes, wanted: str) -> ImportFile:
    for beginning, why in _OTHERS:
        if data.startswith(beginning):
            raise _refused(why)
    try:
        decoded = decode(data, wanted)
    except NotTextError as error:
        raise _refused(NOT_TEXT) from error
    text = decoded.text
    if not text.strip():
        raise _refused(EMPTY)
    if sum(map(_is_control, text[:1000])) * 10 > len(text[:1000]):
        raise _refused(NOT_TEXT)
    for pattern, why in _TEXTS:
        if re.match(rf"\s*(?:{pattern})", text[:1000], re.IGNORECASE):
            raise _refused(why)
    delimiter = find_delimiter(text, count_known)
    rows = list(islice(read_rows(text, delimiter), MAX_ROWS + 2))
    kind = DELIMITERS.get(delimiter, f"“{delimiter}”")
    file = _under_headings(name, kind, rows)
    return replace(file, encoding=decoded.encoding, encodings=decoded.choices, delimiter=delimiter)


def _under_headings(name: str, kind: str, rows: Sequence[FileRow]) -> ImportFile:
    if not rows:
        raise _refused(EMPTY)
    width = max(len(row.cells) for row in rows)
    if width > MAX_COLUMNS:
        raise _refused(TOO_WIDE)
    # No heading is an email, and every person has one.
    has_headings = not any("@" in cell for cell in rows[0].cells)
    headings = rows[0].cells if has_headings else ()
    below = rows[1:] if has_headings else rows
    if has_headings and below and is_ending(below[-1].cells):  # of an export that comes back
        below = below[:-1]
    if not below:
        raise _refused(NO_ROWS)
    if len(below) > MAX_ROWS:
        raise _refused(TOO_MANY)
    return ImportFile(
        clean_file_name(name),
        kind,
        _named(headings, width),
        has_headings,
        below,
    )


def _named(headings: Sequence[str], width: int) -> list[str]:
    """A name for each column that tells it from the others."""
    names = [" ".join(heading.split())[:SHOWN] for heading in headings]
    names += [""] * (width - len(names))
    return [
        f"{name} (column {at})" if name and names.count(name) > 1 else name or f"Column {at}"
        for at, name in enumerate(names, 1)
    ]


def _require_workbook(data: bytes) -> None:
    """Tell archives that aren't workbooks apart, by what is in them."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise _refused("This workbook is damaged. Download or save it once more.") from error
    if any(name.startswith("xl/") for name in names):
        return
    if "word/document.xml" in names:
        raise _refused("This is a text document. Save the list as .csv or .xlsx instead.")
    if "ppt/presentation.xml" in names:
        raise _refused("This is a presentation. Choose a .csv or .xlsx file.")
    if "mimetype" in names and "content.xml" in names:
        raise _refused("This is an OpenDocument file. Save it as .xlsx or .csv.")
    if any(name.startswith("Index/") for name in names):
        raise _refused("This is a Numbers document. Export it as .xlsx or .csv.")
    raise _refused("This is an archive. Unpack it first, then choose what was in it.")


def _is_control(character: str) -> bool:
    return character < " " and character not in "\t\r\n\f"


def _refused(why: str) -> InvalidInputError:
    return InvalidInputError({"file": why})
