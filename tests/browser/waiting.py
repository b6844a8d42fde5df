"""Waits for events elsewhere, never for a fixed time."""

import asyncio
from collections.abc import Callable

PATIENCE = 150
"""Seconds until something that doesn't happen is a failure; generous, as machines are busy."""


async def eventually(happened: Callable[[], object]) -> None:
    """Wait until it happened; raises `TimeoutError` where it doesn't."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - there is nobody to set an event
            await asyncio.sleep(0.02)
