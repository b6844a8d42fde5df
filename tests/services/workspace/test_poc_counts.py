"""The counters of POCs always agree with counting."""

import random
from contextlib import suppress

from sqlalchemy import delete, update
from sqlmodel import col, select

from models import Poc, PocStatus, Tenant, User
from services.core import clock
from services.database.transaction import reading, transaction
from services.workspace.poc_counts import find_poc_counts
from tests.services.workspace.scene import MONDAY


async def _pocs() -> list[Poc]:
    async with reading() as tx:
        return list(await tx.exec(select(Poc)))


async def _check(tenant: Tenant) -> None:
    listed = [poc for poc in await _pocs() if poc.archived_at is None]
    async with reading() as tx:
        counts = await find_poc_counts(tx, tenant.id)
    for status in PocStatus:
        assert counts.matching({"status": status}) == sum(poc.status is status for poc in listed)
    for closed in (True, False):
        known = sum(poc.status.is_closed is closed for poc in listed)
        assert counts.matching({"closed": closed}) == known
    assert counts.matching({}) == len(listed)
    assert counts.matching({"customer": "C"}) is None


async def _add(tenant: Tenant, owner: User, status: PocStatus) -> None:
    now = clock.now()
    async with transaction() as tx:
        tx.add(
            Poc(
                tenant_id=tenant.id,
                created_at=now,
                changed_at=now,
                title="T",
                title_key="t",
                customer="C",
                customer_key="c",
                owner_id=owner.id,
                start_on=MONDAY,
                status=status,
            )
        )


async def test_counters_say_what_counting_would(tenant: Tenant, ada_user: User) -> None:
    chance = random.Random(4)  # noqa: S311 - the same steps each time
    for _ in range(40):
        known = await _pocs()
        what = chance.choice(["add", "add", "status", "archive", "both", "delete", "undo"])
        if what == "add" or not known:
            await _add(tenant, ada_user, chance.choice(list(PocStatus)))
        else:
            chosen = chance.choice(known)
            with suppress(ZeroDivisionError):
                async with transaction() as tx:
                    poc = await tx.get_one(Poc, chosen.id)
                    if what in ("status", "both", "undo"):
                        poc.status = chance.choice(list(PocStatus))
                        await tx.flush()
                    if what in ("archive", "both"):
                        poc.archived_at = None if poc.archived_at else clock.now()
                    if what == "delete":
                        await tx.exec(delete(Poc).where(col(Poc.id) == poc.id))
                    if what == "undo":
                        raise ZeroDivisionError
        await _check(tenant)
    async with transaction() as tx:
        await tx.exec(update(Poc).values(status=PocStatus.ON_HOLD))
    await _check(tenant)
