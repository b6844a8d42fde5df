"""While an act that ends somebody's access is under way, nobody else begins anything; and nobody
can keep the others waiting in this way."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from models import Tenant
from services.access.actor import Actor
from services.database import right_of_way
from services.database.engines import READERS
from services.database.looking import looks_first
from services.database.right_of_way import (
    OF_ALL,
    OF_ALL_AT_ONCE,
    OF_ONE,
    OF_ONE_AT_ONCE,
    RightOfWay,
    begun,
    let_go,
)
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.database.write_queue import WriteQueue
from services.users import accounts
from tests.browser.waiting import PATIENCE
from tests.factories import create_user


@dataclass
class _Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class _Who:
    session_id: UUID = field(default_factory=uuid4)
    holder_id: UUID = field(default_factory=uuid4)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """A clock that stands; and acts are given way for as long as they run."""
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    return _Clock()


async def _waits(way: RightOfWay) -> bool:
    """Whether somebody who begins something now has to wait."""
    waiting = asyncio.create_task(way.wait())
    await asyncio.sleep(0)
    has_to = not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return has_to


async def test_others_wait_until_the_last_act_has_ended(clock: _Clock) -> None:
    way = RightOfWay(clock)
    assert not await _waits(way)
    with way.given(_Who()):
        with way.given(None):
            assert await _waits(way)
        assert await _waits(way)
    assert not await _waits(way)


async def test_who_is_in_the_middle_of_something_does_not_wait(clock: _Clock) -> None:
    way = RightOfWay(clock)
    with way.given(None), begun():
        assert not await _waits(way)
        with begun(False):
            assert await _waits(way)


async def test_who_waits_goes_on_waiting_for_an_act_that_begins_at_once(clock: _Clock) -> None:
    way = RightOfWay(clock)
    with way.given(None):
        waiting = asyncio.create_task(way.wait())
        await asyncio.sleep(0)
    with way.given(None):
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_nobody_waits_longer_than_an_act_is_given_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 0.01)
    way = RightOfWay()
    with way.given(None):
        async with asyncio.timeout(60):
            await way.wait()
            while way._acts:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)


async def test_who_ends_sessions_again_and_again_is_given_way_for_their_part_alone(
    clock: _Clock,
) -> None:
    way, again, another = RightOfWay(clock), _Who(), _Who()
    with way.given(again):
        clock.now += OF_ONE_AT_ONCE
    with way.given(again):
        assert not await _waits(way)
    with way.given(another):
        assert await _waits(way)
    clock.now += OF_ONE_AT_ONCE / OF_ONE
    with way.given(again):
        assert await _waits(way)


async def test_all_together_are_given_way_for_their_part_alone(clock: _Clock) -> None:
    way = RightOfWay(clock)
    with way.given(_Who()):
        clock.now += OF_ALL_AT_ONCE
    with way.given(_Who()):
        assert not await _waits(way)
    clock.now += OF_ALL_AT_ONCE / OF_ALL
    with way.given(_Who()):
        assert await _waits(way)


async def test_what_is_claimed_is_given_way_until_its_act_has_ended(clock: _Clock) -> None:
    way, who = RightOfWay(clock), _Who()
    may_act = asyncio.Event()

    async def act() -> None:
        assert not await _waits(way)  # for itself
        await may_act.wait()
        with way.given(who):
            clock.now += OF_ONE_AT_ONCE

    claimed = way.claim(who.holder_id)
    assert claimed is not None
    assert await _waits(way)
    with claimed.taken():
        acting = asyncio.create_task(act())
    assert await _waits(way)
    may_act.set()
    await acting
    assert not await _waits(way)
    assert way.claim(who.holder_id) is None  # it counts as their acts do


async def test_what_is_claimed_and_comes_to_nothing_is_let_go(clock: _Clock) -> None:
    way = RightOfWay(clock)

    may_refuse = asyncio.Event()

    async def refuse() -> None:
        await may_refuse.wait()
        let_go()

    claimed = way.claim(uuid4())
    assert claimed is not None
    with claimed.taken():
        refusing = asyncio.create_task(refuse())
    assert await _waits(way)
    may_refuse.set()
    await refusing
    assert not await _waits(way)
    let_go()


async def test_while_an_act_that_ends_access_runs_nobody_begins_to_read_or_write(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    order: list[str] = []

    async def read() -> None:
        async with reading():
            order.append("read")

    async def write() -> None:
        async with transaction():
            order.append("written")

    with ExitStack() as stack:
        stack.enter_context(rollcall.database.right_of_way.given(None))
        others = [asyncio.create_task(read()), asyncio.create_task(write())]
        user = await _made_before_others(tenant)
        async with asyncio.timeout(60):
            await accounts.set_active(admin, user, active=False)
        order.append("shut out")
    async with asyncio.timeout(60):
        await asyncio.gather(*others)
    assert order[0] == "shut out"
    assert sorted(order[1:]) == ["read", "written"]


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.usefixtures("others_write")
async def test_what_only_reads_gives_way_between_its_statements(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    order: list[str] = []
    has_read, may_go_on = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with transaction() if looks else reading() as tx:
            assert not looks or tx.only_looks
            await tx.exec(select(Tenant.id))
            has_read.set()
            await may_go_on.wait()
            await tx.exec(select(Tenant.id))
            order.append("read on")

    user = await create_user(tenant)
    async with asyncio.timeout(60):
        others = asyncio.create_task(looks_first(read)())
        await has_read.wait()
        with rollcall.database.right_of_way.given(None):
            may_go_on.set()
            await accounts.set_active(admin, user.id, active=False)
            order.append("shut out")
        await others
    assert order == ["shut out", "read on"]


@pytest.mark.usefixtures("others_write")
async def test_those_who_give_way_in_the_middle_leave_an_urgent_act_a_connection_to_look_with(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    order: list[str] = []
    have_read, may_go_on = asyncio.Semaphore(0), asyncio.Event()

    async def read() -> None:
        async with reading() as tx:
            await tx.exec(select(Tenant.id))
            have_read.release()
            await may_go_on.wait()
            await tx.exec(select(Tenant.id))
            order.append("read on")

    user = await create_user(tenant)
    async with asyncio.timeout(PATIENCE):
        others = [asyncio.create_task(read()) for _ in range(READERS)]
        for _ in others:
            await have_read.acquire()
        with rollcall.database.right_of_way.given(None):
            may_go_on.set()
            await accounts.set_active(admin, user.id, active=False)
            order.append("shut out")
        await asyncio.gather(*others)
    assert order == ["shut out", *["read on"] * READERS]


async def test_what_has_written_gives_way_before_it_goes_on(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    went_on, queue = asyncio.Event(), rollcall.database.queue

    async def write(act: ExitStack) -> None:
        async with transaction() as tx:
            await tx.exec(select(Tenant.id))
            act.enter_context(rollcall.database.right_of_way.given(None))
        went_on.set()

    with ExitStack() as act:
        writing = asyncio.create_task(write(act))
        await asyncio.sleep(0)
        while queue.present:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not went_on.is_set()
    await asyncio.wait_for(writing, 60)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
@pytest.mark.postgresql
async def test_who_waited_for_a_turn_does_not_begin_in_the_middle_of_an_act_on_postgresql(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    queue = rollcall.database.queue = WriteQueue(1, 1)
    order: list[str] = []

    async def write() -> None:
        async with transaction():
            order.append("written")

    user = await create_user(tenant)
    with ExitStack() as act:
        async with queue.turn():
            waiting = asyncio.create_task(write())
            while queue.present < 2:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
            act.enter_context(rollcall.database.right_of_way.given(None))
        await accounts.set_active(admin, user.id, active=False)
        order.append("shut out")
    await asyncio.wait_for(waiting, 60)
    assert order == ["shut out", "written"]


async def _made_before_others(tenant: Tenant) -> UUID:
    with begun():
        return (await create_user(tenant)).id
