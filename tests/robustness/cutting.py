"""Runs in a server's process, before it serves: cuts a page at the step of its building that a
request's `X-Cut-At` names. A step ends whenever the building waits for something; and before each
statement, where others might have their turn.

Nothing else is changed: the page, the cut and the answer are the product's.
"""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from nicegui import Client, background_tasks

from services.database import sqlite
from ui import live

BUILDING = "wait for result of page"
_create = background_tasks.create


class _Stepping:
    def __init__(self, building: Coroutine[Any, Any, Any], client: Client, at: int) -> None:
        self.building = building
        self.client = client
        self.at = at

    def __await__(self) -> Generator[Any, Any, Any]:
        step, value, error = 0, None, None
        while True:
            try:
                waits_for = self.building.throw(error) if error else self.building.send(value)
            except StopIteration as end:
                return end.value
            step += 1
            if step == self.at:
                pages = [p for p in live.all_pages() if p.client_id == self.client.id]
                cutting = asyncio.ensure_future(live.cut(pages, "deactivated"))
                yield from cutting.__await__()
            error = None
            try:
                value = yield waits_for
            except BaseException as thrown:  # noqa: BLE001 - passed on to the building
                error = thrown


async def _stepped(building: Any, client: Client, at: int) -> Any:
    return await _Stepping(building, client, at)


def create(awaitable: Any, *, name: str = "unnamed task", **options: Any) -> Any:
    """NiceGUI's own, except for pages that are to be cut."""
    if name.startswith(BUILDING):
        client = next(reversed(Client.instances.values()))
        at = int(client.request.headers.get("x-cut-at", "0"))
        awaitable = _stepped(awaitable, client, at)
    return _create(awaitable, name=name, **options)


sqlite.AT_A_STRETCH = -1.0
background_tasks.create = create  # type: ignore[assignment]  # of any options
