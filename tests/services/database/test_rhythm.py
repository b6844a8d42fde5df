"""When workers look again: after a commit soon, and otherwise seldom."""

import asyncio

import pytest

from models import Tenant
from services.database import changes, sqlite_transport
from services.database.runtime import Runtime
from services.database.sqlite_transport import SqliteTransport
from tests.browser.waiting import PATIENCE
from tests.factories import create_user


async def test_a_worker_looks_again_soon_after_a_commit_and_otherwise_seldom(
    rollcall: Runtime, tenant: Tenant
) -> None:
    transport = rollcall.transport
    if not isinstance(transport, SqliteTransport):
        pytest.skip("PostgreSQL tells nobody of commits: there it is always soon")
    listening = asyncio.create_task(transport.receive())
    try:
        rhythm = changes.Rhythm(soon=0.0, seldom=PATIENCE * 10)
        await rhythm.rest()  # at the beginning nothing is known
        while transport.version is None:
            await transport.changed()
        await rhythm.rest()
        quiet = asyncio.create_task(rhythm.rest())
        _, waits = await asyncio.wait([quiet], timeout=sqlite_transport.LOOK_SECONDS * 3)
        assert waits == {quiet}
        await create_user(tenant)
        await asyncio.wait_for(quiet, PATIENCE)
    finally:
        listening.cancel()
        await asyncio.wait([listening])
