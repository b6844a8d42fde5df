"""Somebody else writes while a run is worked off."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from uuid import UUID

from services.access.actor import Actor
from services.bulk import batch_worker
from services.bulk.batch_worker import Work
from services.database import runtime
from tests.browser.waiting import eventually


async def goes_between(
    act: Coroutine[object, object, object], work: Work, actor: Actor, run_id: UUID
) -> bool:
    """Work a run off, and have somebody else's act wait for its turn when the second batch begins;
    returns whether the act was done before the last one began."""
    queue = runtime.current().database.queue
    acting: list[asyncio.Task[object]] = []
    was_done: list[bool] = []

    async def do_next(actor: Actor, run_id: UUID) -> bool:
        was_done.extend(task.done() for task in acting)
        has_more = await work.do_next(actor, run_id)
        if not acting:
            acting.append(asyncio.create_task(act))
            await eventually(lambda: queue.present or acting[0].done())
        return has_more

    await batch_worker.work_off(replace(work, do_next=do_next), actor, run_id)
    await acting[0]
    return bool(was_done) and was_done[-1]
