"""Long work, piece by piece."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from services.database import pieces, right_of_way
from services.database.runtime import Runtime


async def test_others_have_their_turn_between_two_pieces(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 2)
    seen = list[str]()

    def write(some: Sequence[int]) -> str:
        asyncio.get_running_loop().call_soon(seen.append, "somebody else")
        seen.append(f"{some}")
        return "".join(map(str, some))

    assert await pieces.joined(range(5), write) == "01234"
    assert seen[1::2] == ["somebody else"] * 3


async def test_an_act_that_is_given_way_ends_before_the_next_piece(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 1)
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)  # however slow the machine is
    way, written = rollcall.database.right_of_way.claim(uuid4()), list[int]()

    def write(some: Sequence[int]) -> str:
        written.extend(some)
        return ""

    writing = asyncio.create_task(pieces.joined(range(2), write))
    for _ in range(5):
        await asyncio.sleep(0)
    assert way is not None
    assert written == [0]
    way.end()
    await writing
    assert written == [0, 1]
