"""The counters of users always agree with counting."""

import random
from contextlib import suppress
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select

from models import OneTimeLink, Role, Tenant, User, UserCount
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.users.counts import find_counts
from tests.factories import create_user

ROLES = [Role.TENANT_ADMIN, Role.ADMINISTRATOR, Role.SALES_ENGINEER]


async def _everyone() -> list[User]:
    async with reading() as tx:
        return list(await tx.exec(select(User)))


async def _check(*tenant_ids: UUID | None) -> None:
    everyone = await _everyone()
    for tenant_id in tenant_ids:
        async with reading() as tx:
            counts = await find_counts(tx, tenant_id)
        for role in (None, *Role):
            for active in (None, True, False):
                for invited in (False, True):
                    meant = [
                        user
                        for user in everyone
                        if user.tenant_id == tenant_id
                        and (role is None or user.role is role)
                        and (active is None or user.active is active)
                        and (user.invited or not invited)
                    ]
                    assert counts.of(role, active, invited) == len(meant), (role, active, invited)


async def _step(chance: random.Random, tenants: list[Tenant | None]) -> None:
    users = await _everyone()
    what = chance.choice(["add", "add", "toggle", "sign in", "both", "move", "delete"])
    if what == "add" or not users:
        tenant = chance.choice(tenants)
        await create_user(
            tenant,
            role=chance.choice(ROLES),
            active=chance.random() < 0.7,
            invited=chance.random() < 0.5,
        )
        return
    chosen = chance.choice(users)
    async with transaction() as tx:
        user = await tx.get_one(User, chosen.id)
        if what in ("toggle", "both"):
            user.active = not user.active
        if what in ("sign in", "both"):
            user.first_sign_in_at = clock.now()
        if what == "both":
            await tx.flush()
            user.role = chance.choice(ROLES)
        if what == "move":
            tenant = chance.choice(tenants)
            user.tenant_id = tenant.id if tenant else None
        if what == "delete":
            await tx.exec(delete(OneTimeLink).where(col(OneTimeLink.user_id) == user.id))
            await tx.exec(delete(User).where(col(User.id) == user.id))


async def test_counters_say_what_counting_would(tenant: Tenant, other_tenant: Tenant) -> None:
    chance = random.Random(4)  # noqa: S311 - the same steps each time
    for _ in range(60):
        await _step(chance, [tenant, other_tenant, None])
        await _check(tenant.id, other_tenant.id, None)


async def test_many_changed_by_one_statement_are_counted(tenant: Tenant) -> None:
    for _ in range(5):
        await create_user(tenant)
    async with transaction() as tx:
        await tx.exec(update(User).values(active=False))
    await _check(tenant.id)


async def test_what_is_rolled_back_is_not_counted(tenant: Tenant) -> None:
    user = await create_user(tenant)
    with suppress(ZeroDivisionError):
        async with transaction() as tx:
            (await tx.get_one(User, user.id)).active = False
            await tx.flush()
            raise ZeroDivisionError
    await _check(tenant.id)


async def test_a_tenant_without_users_has_none(rollcall: Runtime, tenant: Tenant) -> None:
    async with reading() as tx:
        counts = await find_counts(tx, tenant.id)
        for match in ({}, {"active": True}, {"active": False}, {"invited": True}):
            assert counts.matching(match) == 0
        assert (await tx.exec(select(UserCount))).all() == []
