"""Long work in the event loop, piece by piece: everybody else has their turn in between."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from services.database import runtime

RowT = TypeVar("RowT")

PIECE = 100
"""How many rows of an export are written at a stretch: they take a millisecond or two."""


async def let_others_in() -> None:
    """Let others have a turn of the event loop, and an act that is given way all it needs."""
    await asyncio.sleep(0)
    await runtime.current().database.right_of_way.wait()


async def joined(rows: Sequence[RowT], write: Callable[[Sequence[RowT]], str]) -> str:
    """What `write` makes of all rows; it gets a few of them at a time."""
    written = []
    for begin in range(0, len(rows), PIECE):
        written.append(write(rows[begin : begin + PIECE]))
        await let_others_in()
    return "".join(written)
