"""Real concurrency: start all at once, and tell refusals from bugs.

`make test` runs 21 rounds of a race, each of the 21 offsets of a duel once; `make soak` runs 200.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from services.core.errors import DatabaseUnavailableError, RollcallError
from tests.sizes import size

T = TypeVar("T")
ROUNDS = size(21, 200)
# For a race that is much like another one, which runs in full where this doesn't.
FEW_ROUNDS = 21
# This many rounds run at the same time: it costs less, and they meet at more different moments.
AT_ONCE = 8


async def rounds(play: Callable[[int], Coroutine[Any, Any, T]], count: int = ROUNDS) -> list[T]:
    """Run this many rounds, several at once; returns their results, in no order."""
    numbers = iter(range(count))

    async def play_on() -> list[T]:
        return [await play(number) for number in numbers]

    played = await asyncio.gather(*(play_on() for _ in range(AT_ONCE)))
    return [outcome for some in played for outcome in some]


async def race(*calls: Awaitable[T]) -> tuple[list[T], list[RollcallError]]:
    """Start all at once; returns the results, and the refusals. Anything else is a bug, and so is
    a database that gave up: none of them may wait for each other."""
    done: list[T] = []
    refused: list[RollcallError] = []
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(outcome, RollcallError) and not isinstance(outcome, DatabaseUnavailableError):
            refused.append(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            done.append(outcome)
    return done, refused


async def duel(
    number: int, spread: float, one: Awaitable[object], other: Awaitable[object]
) -> tuple[bool, bool]:
    """Start both, at moments up to `spread` milliseconds apart, whichever is first; tells which
    of them succeeded. The moments follow from the round's number, so they are of every kind; at
    both ends the second waits for the first, however long that takes on a busy machine."""
    ahead = number % 21 - 10
    if ahead == 10:
        first, second = await race(one), await race(other)
    elif ahead == -10:
        second, first = await race(other), await race(one)
    else:
        first, second = await asyncio.gather(
            race(delayed(max(0.0, -ahead) * spread / 10, one)),
            race(delayed(max(0.0, ahead) * spread / 10, other)),
        )
    return bool(first[0]), bool(second[0])


async def delayed(milliseconds: float, call: Awaitable[T]) -> T:
    """Start a little later, so that the rounds meet at different moments."""
    await asyncio.sleep(milliseconds / 1000)
    return await call
