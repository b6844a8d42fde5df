"""A page's own last clicks don't make its next one too late."""

import asyncio
from collections.abc import Awaitable, Callable

from models import new_id
from ui.own_versions import OwnVersions

ROW = new_id()


def _changing(asked: list[int]) -> Callable[[int], Awaitable[int]]:
    async def act(version: int) -> int:
        await asyncio.sleep(0)  # as long as another click may come in between
        asked.append(version)
        return version + 1

    return act


async def test_clicks_that_name_the_same_version_follow_one_another() -> None:
    own, asked = OwnVersions(), list[int]()
    await asyncio.gather(*(own.change(ROW, 4, _changing(asked)) for _ in range(3)))
    assert asked == [4, 5, 6]


async def test_a_version_that_somebody_else_made_is_named_as_it_was_seen() -> None:
    own, asked = OwnVersions(), list[int]()
    await own.change(ROW, 4, _changing(asked))
    await own.change(ROW, 6, _changing(asked))  # somebody else made 6 of 5
    await own.change(ROW, 4, _changing(asked))  # which was seen before theirs
    assert asked == [4, 6, 4]
