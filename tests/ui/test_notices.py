"""What a committed fact costs a process that has nobody to tell."""

from typing import Any

import pytest
from sqlalchemy import event

from models import Tenant
from services import presence, users
from services.actor import Actor
from services.runtime import Runtime
from tests.factories import create_user
from ui import notices


async def test_a_fact_that_nobody_watches_here_asks_the_database_nothing(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_callbacks", [])
    notices.subscribe(rollcall.bus)
    user = await create_user(tenant)
    await users.set_active(admin, user.id, active=False)
    asked: list[str] = []

    def note(*call: Any) -> None:
        asked.append(call[2])

    for engine in {rollcall.database.reader, rollcall.database.writer}:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    await rollcall.bus.drain()
    assert asked == []
    await users.set_active(admin, user.id, active=True)
    assert asked, "this would be seen"
