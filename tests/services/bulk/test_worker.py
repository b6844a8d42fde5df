"""Batches of an act on many follow each other, and leave time to what the last one set off."""

import asyncio

import pytest

from models import BulkKind, Tenant
from services.access.actor import Actor
from services.bulk import runs, worker
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.sessions import receipts
from services.sessions.events import SessionsEnded
from services.sessions.receipts import Receipt
from tests import factories
from tests.services.bulk.acting_in_bulk import act_in_bulk

BATCH = 3


async def test_the_next_batch_waits_until_the_pages_of_the_one_before_have_closed(
    rollcall: Runtime, tenant: Tenant, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BATCH", BATCH)
    monkeypatch.setattr(worker, "LONGEST_REST", 60)
    for user in await factories.create_users(2 * BATCH, tenant):
        await factories.open_session(user)
    open_pages, at_once = 0, []

    async def close(event: SessionsEnded) -> None:
        nonlocal open_pages
        open_pages += 1
        at_once.append(open_pages)
        await receipts.settle(event, closing())

    async def closing() -> Receipt:
        nonlocal open_pages
        await asyncio.sleep(0.02)
        open_pages -= 1
        return Receipt(0, 0, None)

    rollcall.bus.subscribe(SessionsEnded, close)
    await act_in_bulk(admin, BulkKind.DEACTIVATE, ListQuery())
    await rollcall.bus.drain()
    assert len(at_once) == 2 * BATCH
    assert max(at_once) == BATCH
