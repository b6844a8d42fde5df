"""Rows that nobody needs any more are removed, and no others."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models import AttemptCounter, BusMessage, KnownDevice, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database import sqlite_transport
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.operations import housekeeping, workers
from services.sessions import known_devices
from services.sign_in import throttle
from services.users.accounts import set_active
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user
from tests.replicas.people import until

SOON = timedelta(minutes=1)


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await create_user(tenant)


async def test_failures_too_old_to_count_are_removed(rollcall: Runtime) -> None:
    await throttle.claim({"ip": "address:then"})
    clock.shift(throttle.FORGET + SOON)
    await throttle.claim({"ip": "address:now"})
    await housekeeping.tidy_up()
    async with transaction() as tx:
        assert await tx.get(AttemptCounter, "address:then") is None
        assert await tx.get(AttemptCounter, "address:now") is not None


async def test_browsers_that_are_strangers_again_are_removed(ada: User) -> None:
    async with transaction() as tx:
        await known_devices.remember(tx, ada, "")
    clock.shift(known_devices.FORGET + SOON)
    async with transaction() as tx:
        cookie = await known_devices.remember(tx, ada, "")
    await housekeeping.tidy_up()
    assert await books.count(KnownDevice) == 1
    async with transaction() as tx:
        assert await known_devices.find(tx, ada, cookie)


@ONE_DATABASE
async def test_messages_that_all_have_read_are_removed_and_their_numbers_stay_used(
    admin: Actor, ada: User
) -> None:
    await set_active(admin, ada.id, False)
    before = await _numbers()
    clock.shift(sqlite_transport.KEEP + SOON)
    await housekeeping.tidy_up()
    assert before
    assert await _numbers() == []
    await set_active(admin, ada.id, True)
    # Whoever listens remembers the last number that it saw.
    assert min(await _numbers()) > max(before)


async def _numbers() -> list[int]:
    async with reading() as tx:
        return [number for number in await tx.exec(select(BusMessage.number)) if number]


async def test_it_is_done_from_the_start_on(rollcall: Runtime) -> None:
    await throttle.claim({"ip": "address:then"})
    clock.shift(throttle.FORGET + SOON)

    async def is_tidy() -> bool:
        return await books.count(AttemptCounter) == 0

    async with workers.working():
        await until(is_tidy)
