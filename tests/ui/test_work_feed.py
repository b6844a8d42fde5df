"""How pages of the work hear of people."""

import asyncio
from typing import Any

import pytest

from models import Tenant
from services.access.actor import Actor
from services.database.runtime import Runtime
from services.users import accounts
from tests.factories import create_user
from ui import live, work_feed
from ui.tables import feed


async def test_that_somebody_is_inactive_is_told_after_the_rows_that_were_read_before(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await create_user(tenant)
    await rollcall.bus.drain()
    work_feed.subscribe(rollcall.bus)
    told: list[str] = []
    is_read, may_be_sent = asyncio.Event(), asyncio.Event()

    async def broadcast(_room: live.Room, event: str, _data: Any) -> None:
        told.append(event)

    async def read() -> object:
        is_read.set()
        await may_be_sent.wait()
        return object()

    monkeypatch.setattr(live, "is_watched", lambda _room: True)
    monkeypatch.setattr(live, "broadcast", broadcast)
    row = asyncio.create_task(feed.tell(live.Room("list", tenant.id), "row", read, lambda _row: {}))
    await is_read.wait()
    await accounts.set_active(admin, user.id, active=False)
    # Long after the person was told, if that didn't wait.
    asyncio.get_running_loop().call_later(0.3, may_be_sent.set)
    await rollcall.bus.drain()
    await row
    assert told.index("row") < told.index("rollcall_person")
