"""How many pages an act has closed: told to who asks, and kept beside its entry in the log."""

import asyncio
import time
from uuid import UUID, uuid4

import pytest

from models import EndReason, Tenant, User
from services.access.actor import Actor
from services.core.events import stamped
from services.database.runtime import Runtime
from services.sessions import receipts
from services.sessions.events import SessionsEnded
from services.sessions.receipts import Receipt
from services.users import accounts
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, create_users


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await create_user(tenant, first_name="Ada", last_name="Lovelace")


def _ended(rollcall: Runtime, user: User, cause: UUID) -> SessionsEnded:
    event = SessionsEnded(
        tenant_id=user.tenant_id,
        user_id=user.id,
        session_ids=(uuid4(),),
        reason=EndReason.DEACTIVATED,
        cause=cause,
    )
    return stamped(event, time.perf_counter(), rollcall.process_id)


async def _closing(receipt: Receipt) -> Receipt:
    return receipt


@ONE_DATABASE
async def test_who_asks_is_told_however_early_or_late_they_ask(
    rollcall: Runtime, ada: User
) -> None:
    event = _ended(rollcall, ada, uuid4())
    early = asyncio.create_task(receipts.of(event.cause))
    await asyncio.sleep(0)
    receipt = Receipt(2, 2, 12.0)
    await receipts.settle(event, _closing(receipt))
    assert await early == receipt
    assert await receipts.of(event.cause) == receipt


@ONE_DATABASE
async def test_of_an_act_that_closed_nothing_nothing_is_known(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "KEPT_SECONDS", 0.05)
    assert await receipts.of(uuid4()) is None


@ONE_DATABASE
async def test_who_stops_asking_takes_the_receipt_from_nobody(rollcall: Runtime, ada: User) -> None:
    event = _ended(rollcall, ada, uuid4())
    leaves = asyncio.create_task(receipts.of(event.cause))
    stays = asyncio.create_task(receipts.of(event.cause))
    await asyncio.sleep(0)
    leaves.cancel()
    await receipts.settle(event, _closing(Receipt(1, 1, 5.0)))
    assert await stays == Receipt(1, 1, 5.0)


async def test_where_no_page_was_open_the_log_says_nothing(
    rollcall: Runtime, tenant: Tenant, ada: User
) -> None:
    await receipts.settle(_ended(rollcall, ada, uuid4()), _closing(Receipt(0, 0, None)))
    assert await books.audit_of(tenant) == []


@pytest.mark.parametrize("slowest", [41.26, None])
async def test_receipt_is_kept_beside_the_deactivation(
    rollcall: Runtime, tenant: Tenant, admin: Actor, ada: User, slowest: float | None
) -> None:
    change = await accounts.set_active(admin, ada.id, active=False)
    assert change.cause is not None
    event = _ended(rollcall, ada, change.cause)
    await receipts.settle(event, _closing(Receipt(3, 2, slowest)))
    deactivated, kept = await books.audit_of(tenant)
    assert kept.action == "user.pages_closed"
    assert kept.actor_name == "Rollcall"
    assert kept.details == {
        "cause": str(deactivated.id),
        "pages": 3,
        "answered": 2,
        "slowest_ms": slowest and 41.3,
        "unheard": 0,
        "devices": 0,
        "closed": [],
    }


async def test_receipt_of_nobody_is_not_kept(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = uuid4()
    await receipts.keep(uuid4(), nobody, Receipt(0, 0, None))
    assert await books.audit_of(tenant) == []
    assert f"nobody has the id {nobody}" in caplog.text


async def test_receipts_of_many_are_kept_together(rollcall: Runtime, tenant: Tenant) -> None:
    people = await create_users(10, tenant)
    turns = rollcall.database.queue.begun
    await asyncio.gather(
        *(
            receipts.keep(uuid4(), user.id, Receipt(pages, 0, None))
            for pages, user in enumerate(people)
        )
    )
    assert rollcall.database.queue.begun - turns == 2, "the first one, and all that came meanwhile"
    kept = {entry.subject_id: entry.details["pages"] for entry in await books.audit_of(tenant)}
    assert kept == {user.id: pages for pages, user in enumerate(people)}


async def test_one_receipt_that_cant_be_kept_takes_no_other_along(
    rollcall: Runtime, tenant: Tenant
) -> None:
    people = await create_users(3, tenant)
    ids = [people[0].id, people[1].id, uuid4(), people[2].id]  # the last three come together
    await asyncio.gather(*(receipts.keep(uuid4(), user_id, Receipt(1, 0, None)) for user_id in ids))
    kept = [entry.subject_id for entry in await books.audit_of(tenant)]
    assert kept == [user.id for user in people]


async def test_all_is_settled_once_the_last_receipt_is_kept(
    rollcall: Runtime, tenant: Tenant, admin: Actor, ada: User
) -> None:
    change = await accounts.set_active(admin, ada.id, active=False)
    assert change.cause is not None
    closed: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    settling = asyncio.create_task(receipts.settle(_ended(rollcall, ada, change.cause), closed))
    waiting = asyncio.create_task(receipts.all_settled(60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    closed.set_result(Receipt(1, 1, 3.0))
    await waiting
    assert (await books.actions_of(tenant))[-1] == "user.pages_closed"
    await settling


async def test_nobody_waits_longer_than_they_want_for_others_pages(
    rollcall: Runtime, ada: User
) -> None:
    closed: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    settling = asyncio.create_task(receipts.settle(_ended(rollcall, ada, uuid4()), closed))
    await receipts.all_settled(0.001)
    closed.set_result(Receipt(0, 0, None))
    await settling
