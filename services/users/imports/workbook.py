"""Excel workbooks: read by a process of its own (`workbook_process`), because of what may be in
them."""

import asyncio
import json
import sys
from pathlib import Path

from services.users.imports.delimited import FileRow, MalformedError

SCRIPT = Path(__file__).with_name("workbook_process.py")
# After this many seconds, a process that says nothing is ended.
PATIENCE = 30
_WHY = {
    "password": "This workbook has a password. Save a copy without one.",
    "damaged": "This workbook is damaged, or it isn’t one. Save it again as .xlsx.",
    "large": "This workbook has too many cells: 10,000 rows of 100 columns at most.",
    "empty": "This workbook has no rows.",
}
# One at a time: each may take a gigabyte.
_turn = asyncio.Semaphore(1)


async def read_workbook(data: bytes, most_rows: int, most_cells: int) -> list[FileRow]:
    """The rows of the first sheet that has any, without empty ones. Raises `MalformedError`."""
    async with _turn:
        said = await _ask(data, str(most_rows), str(most_cells))
    try:
        answer = json.loads(said)
    except ValueError:  # it was ended, or ended itself
        answer = {"why": "damaged"}
    if "why" in answer:
        raise MalformedError(_WHY[answer["why"]])
    rows = (FileRow(line, tuple(cells)) for line, cells in answer["rows"])
    return [row for row in rows if not row.is_empty]


async def _ask(data: bytes, *arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(SCRIPT),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await process.communicate(data)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said
