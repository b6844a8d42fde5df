"""Real concurrency: start all at once, and tell refusals from bugs."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from services.errors import RollcallError

T = TypeVar("T")
ROUNDS = 20
# Rounds of what takes two password hashes each.
SLOW_ROUNDS = 10


async def race(*calls: Awaitable[T]) -> tuple[list[T], list[RollcallError]]:
    """Start all at once; returns the results, and the refusals. Anything else is a bug."""
    done: list[T] = []
    refused: list[RollcallError] = []
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(outcome, RollcallError):
            refused.append(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            done.append(outcome)
    return done, refused


async def delayed(milliseconds: float, call: Awaitable[T]) -> T:
    """Start a little later, so that the rounds meet at different moments."""
    await asyncio.sleep(milliseconds / 1000)
    return await call
