"""Something is read, and what was found arrives late: others act meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest


@asynccontextmanager
async def slow(module: Any, name: str, going_on: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Begin something that calls a module's function, which answers once the block has ended."""
    begun, may_go_on = asyncio.Event(), asyncio.Event()
    read = getattr(module, name)

    async def slowly(*asked: Any, **more: Any) -> Any:
        found = await read(*asked, **more)
        begun.set()
        await may_go_on.wait()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, slowly)
        task = asyncio.create_task(going_on)
        beginning = asyncio.create_task(begun.wait())
        await asyncio.wait({task, beginning}, return_when=asyncio.FIRST_COMPLETED)
        assert beginning.done(), "nothing was read"
    try:
        yield
    finally:
        may_go_on.set()
        await task
