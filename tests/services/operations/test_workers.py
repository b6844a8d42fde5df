"""What Rollcall does by itself: end dates, and workers that stay alive."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from models import EndReason, Tenant
from services.access.actor import COMMAND_LINE, Actor
from services.bulk.batch_worker import BatchWorker
from services.core import clock
from services.core.errors import DatabaseUnavailableError
from services.database.runtime import Runtime
from services.operations import workers
from services.reviews.closing import Closer
from services.users import accounts
from services.users.imports.worker import importer
from tests import books
from tests.browser.waiting import PATIENCE, eventually
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in


async def test_end_date_shuts_the_user_out_on_its_day_and_not_before(
    tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    await accounts.set_end_date(admin, user.id, clock.now().date() + timedelta(days=1))
    await workers.apply_end_dates()
    assert (await books.user_of(user.id)).active
    clock.shift(timedelta(days=1))
    session = await sign_in(user)
    await workers.apply_end_dates()
    assert not (await books.user_of(user.id)).active
    (row,) = await books.sessions_of(session.user_id)
    assert row.end_reason is EndReason.DEACTIVATED
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.action, entry.actor_name) == ("user.deactivated", "Rollcall")


async def test_one_end_date_that_has_to_wait_holds_up_no_other(
    rollcall: Runtime, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    last_platform_admin = await create_user(None)
    day = clock.now().date() + timedelta(days=1)
    others = [await create_user(tenant) for _ in range(2)]
    for user in (others[0], last_platform_admin, others[1]):
        await accounts.set_end_date(COMMAND_LINE, user.id, day)
    clock.shift(timedelta(days=2))
    with caplog.at_level(logging.WARNING):
        await workers.apply_end_dates()
    assert [(await books.user_of(user.id)).active for user in others] == [False, False]
    assert (await books.user_of(last_platform_admin.id)).active
    assert "last active Platform Admin" in caplog.text


async def test_worker_that_meets_a_bug_starts_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(workers, "RESTART_SECONDS", 0.01)
    starts = 0
    again = asyncio.Event()

    async def worker() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise RuntimeError("a bug")
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(workers._kept_alive(worker))
    await asyncio.wait_for(again.wait(), PATIENCE)
    task.cancel()
    assert "The worker worker failed, and starts again" in caplog.text


@ONE_DATABASE
async def test_a_worker_that_meets_the_same_trouble_again_tells_it_once(
    rollcall: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        raise DatabaseUnavailableError

    working = asyncio.create_task(workers._every(0.01, work, "End dates have to wait"))
    await eventually(lambda: rounds >= 3)
    working.cancel()
    await asyncio.wait([working])
    assert caplog.text.count("End dates have to wait: The database doesn't answer.") == 1


@pytest.mark.parametrize("begin", [importer, Closer])
async def test_a_worker_that_hears_news_as_it_is_cancelled_ends(
    rollcall: Runtime, begin: Callable[[], BatchWorker | Closer]
) -> None:
    worker = begin()
    working = asyncio.create_task(worker.work())
    await eventually(lambda: worker._news._waiters)
    worker._news.set()
    await asyncio.sleep(0)  # so far the news have come when it is cancelled
    working.cancel()
    done, _ = await asyncio.wait([working], timeout=PATIENCE)
    assert done == {working}


async def test_workers_end_with_their_block(rollcall: Runtime) -> None:
    before = asyncio.all_tasks()
    async with workers.working():
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks() - before) >= 3
    await eventually(lambda: not asyncio.all_tasks() - before)
