"""Reviews of an organisation that is closed for a while."""

from datetime import timedelta
from uuid import UUID

import pytest

from models import Role, Tenant, User
from services.core import clock
from services.reviews import closing as reviews_closing
from services.reviews import reviews
from services.tenants import closing
from tests import books
from tests.factories import create_admin, create_users, sign_in
from tests.services.reviews.test_reviews import begun


async def test_nobody_is_deactivated_for_want_of_a_decision_that_nobody_could_take(
    tenant: Tenant, platform_user: User
) -> None:
    grace = await create_admin(tenant)
    ada, alan = await create_users(2, tenant, role=Role.SALES_ENGINEER)
    review_id = await begun(await sign_in(grace), closes_in=3)
    await closing.close_tenant(await sign_in(platform_user), tenant.id, tenant.name)
    clock.shift(timedelta(days=5))
    await reviews_closing.work()
    await closing.reopen_tenant(await sign_in(platform_user), tenant.id)
    await reviews_closing.work()
    assert (await books.user_of(ada.id)).active
    assert (await books.user_of(alan.id)).active
    waits = await reviews.get_review(await sign_in(grace), review_id)
    assert (waits.closed_at, waits.closes_at) == (None, None)


@pytest.mark.parametrize("reopens", [False, True])
async def test_nobody_is_deactivated_if_the_organisation_was_closed_while_other_reviews_were(
    tenant: Tenant, platform_user: User, monkeypatch: pytest.MonkeyPatch, reopens: bool
) -> None:
    grace = await create_admin(tenant)
    (ada,) = await create_users(1, tenant, role=Role.SALES_ENGINEER)
    await begun(await sign_in(grace), closes_in=3)
    find_due = reviews_closing._find_due

    async def find_and_take_long() -> list[tuple[UUID, bool]]:
        due = await find_due()
        by = await sign_in(platform_user)
        await closing.close_tenant(by, tenant.id, tenant.name)
        if reopens:
            await closing.reopen_tenant(by, tenant.id)
        return due

    monkeypatch.setattr(reviews_closing, "_find_due", find_and_take_long)
    clock.shift(timedelta(days=5))
    await reviews_closing.work()
    assert (await books.user_of(ada.id)).active
