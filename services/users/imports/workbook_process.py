"""Reads a workbook (.xlsx) from standard input, in a process of its own.

A file of a few bytes can claim millions of cells, or unpack to gigabytes. The memory and time that
it takes are lost here, and not in Rollcall. Run as a script; it imports nothing of ours.
"""

import io
import json
import resource
import sys
from datetime import date, datetime
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
)

MEMORY = 1_000_000_000
SECONDS = 20


def main(most_rows: int, most_cells: int) -> None:
    """Write the first sheet that has rows as JSON: rows, or why there are none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = _read(sys.stdin.buffer.read(), most_rows, most_cells)
    except PasswordError:
        answer = {"why": "password"}
    except (CalamineError, OSError, ValueError, MemoryError):
        answer = {"why": "damaged"}
    json.dump(answer, sys.stdout)


def _read(data: bytes, most_rows: int, most_cells: int) -> dict[str, Any]:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for sheet in workbook.sheets_metadata:
        if sheet.visible != SheetVisibleEnum.Visible:
            continue
        found = workbook.get_sheet_by_name(sheet.name)
        if found.end is None:
            continue
        height, width = found.end[0] + 1, found.end[1] + 1
        if height > most_rows or height * width > most_cells:
            return {"why": "large"}
        return {"rows": _rows(found)}
    return {"why": "empty"}


def _rows(sheet: CalamineSheet) -> list[tuple[int, list[str]]]:
    rows = sheet.to_python(skip_empty_area=False)
    return [(number, [_text(cell) for cell in row]) for number, row in enumerate(rows, 1)]


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
