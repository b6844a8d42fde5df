"""Pages are built in their readers' turns: one person's many tabs don't hold up anybody else's."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from nicegui import ui

from services.access.outsiders import CustomerActor
from services.core import clock
from services.core.errors import FloodedError
from services.database.runtime import Runtime
from services.sessions.outside import CustomerVisit
from ui.live import turns
from ui.live.turns import (
    AT_ONCE,
    MOST_WAITING,
    READ_AT_ONCE,
    TurnedPage,
    turn_to_build,
    turn_to_read,
)


def _visit(holder_id: UUID) -> CustomerVisit:
    actor = CustomerActor(uuid4(), holder_id, uuid4(), "Reto Bianchi")
    now = clock.now()
    return CustomerVisit(actor, "Reto Bianchi", "acme", "Acme", now + timedelta(days=1), now)


async def test_of_one_persons_pages_few_are_built_at_once_and_anothers_beside_them(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    building: list[UUID] = []
    others_begun, may_end = asyncio.Event(), asyncio.Event()
    many, other = uuid4(), uuid4()

    async def page(visit: CustomerVisit) -> None:
        building.append(visit.actor.holder_id)
        if visit.actor.holder_id == other:
            others_begun.set()
        await may_end.wait()

    monkeypatch.setattr(ui.page, "_wrap", lambda _self, func: func)
    build = TurnedPage.__new__(TurnedPage)._wrap(page)
    tabs = [asyncio.create_task(build(visit=_visit(many))) for _ in range(AT_ONCE + 3)]
    await asyncio.sleep(0)
    tabs.append(asyncio.create_task(build(visit=_visit(other))))
    await others_begun.wait()
    assert building == [*[many] * AT_ONCE, other]
    may_end.set()
    await asyncio.gather(*tabs)
    assert building.count(many) == AT_ONCE + 3
    assert rollcall.part(turns._Lines) == {}


async def test_of_all_peoples_pages_few_are_built_at_once(rollcall: Runtime) -> None:
    begun: list[UUID] = []
    may_end = asyncio.Event()

    async def build(holder_id: UUID) -> None:
        async with turn_to_build(holder_id):
            begun.append(holder_id)
            await may_end.wait()

    people = [uuid4() for _ in range(turns.BUILT_AT_ONCE * 2)]
    pages = [asyncio.create_task(build(person)) for person in people]
    for _ in range(5):
        await asyncio.sleep(0)
    assert begun == people[: turns.BUILT_AT_ONCE]
    may_end.set()
    await asyncio.gather(*pages)
    assert begun == people
    assert rollcall.part(turns._Lines) == {}


async def test_more_tabs_than_anybody_can_have_are_refused_and_others_arent(
    rollcall: Runtime,
) -> None:
    many = uuid4()

    async def wait() -> None:
        async with turn_to_build(many):
            await asyncio.Event().wait()

    tabs = [asyncio.create_task(wait()) for _ in range(int(MOST_WAITING))]
    await asyncio.sleep(0)
    async with AsyncExitStack() as stack:
        with pytest.raises(FloodedError):
            await stack.enter_async_context(turn_to_build(many))
        await stack.enter_async_context(turn_to_build(uuid4()))
    for tab in tabs:
        tab.cancel()  # their browsers hung up
    await asyncio.gather(*tabs, return_exceptions=True)
    assert rollcall.part(turns._Lines) == {}


async def test_of_one_persons_files_few_are_sent_at_once_and_their_pages_are_built_beside_them(
    rollcall: Runtime,
) -> None:
    sent: list[UUID] = []
    may_end = asyncio.Event()
    many, other = uuid4(), uuid4()

    async def send(holder_id: UUID) -> None:
        async with turn_to_read(holder_id):
            sent.append(holder_id)
            await may_end.wait()

    files = [asyncio.create_task(send(many)) for _ in range(READ_AT_ONCE + 3)]
    files.append(asyncio.create_task(send(other)))
    await asyncio.sleep(0)
    assert sent == [*[many] * READ_AT_ONCE, other]
    async with turn_to_build(many):
        may_end.set()
    await asyncio.gather(*files)
    assert sent.count(many) == READ_AT_ONCE + 3
    assert rollcall.part(turns._Readers) == {}
