"""Links to hand over: those of Tenant Admins only to a session whose sign-in is fresh."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from models import BulkKind, Role, Tenant, User
from services.access.actor import FRESH_FOR, Actor
from services.bulk import results
from services.core import clock
from services.database.runtime import Runtime
from services.users.imports import runs, worker
from services.workspace import bulk_worker
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.services.bulk.acting_in_bulk import begun, those
from tests.services.users.imports.importing import row

STALE = FRESH_FOR + timedelta(seconds=1)
BOSS, ADA = "boss@example.com", "ada@example.com"

# Each makes links of a Tenant Admin and of an Administrator, and returns which run made them.
Run = Callable[[Actor, Tenant], Awaitable[UUID]]


async def _import(actor: Actor, _tenant: Tenant) -> UUID:
    rows = [
        row(BOSS, role=Role.TENANT_ADMIN.value, line=2),
        row(ADA, role=Role.ADMINISTRATOR.value, line=3),
    ]
    import_id = await runs.start(actor, "people.csv", rows)
    await worker.work_off(actor, import_id)
    return import_id


async def _copy_links(actor: Actor, tenant: Tenant) -> UUID:
    invited = [
        await factories.create_user(tenant, email=email, role=role, invited=True)
        for email, role in ((BOSS, Role.TENANT_ADMIN), (ADA, Role.ADMINISTRATOR))
    ]
    bulk_id = await begun(actor, BulkKind.COPY_LINKS, those(invited))
    await bulk_worker.work_off(actor, bulk_id)
    return bulk_id


async def _listed(actor: Actor, import_id: UUID) -> str:
    return " ".join(one.link for one in await runs.list_handovers(actor, import_id))


async def _results(actor: Actor, bulk_id: UUID) -> str:
    return " ".join(one.link for one in (await results.get_results(actor, bulk_id)).people)


async def _token_of(email: str) -> str:
    (user,) = await books.users_with(email)
    return await factories.token_of(user)


@ONE_DATABASE  # how old a sign-in may be is judged in Python
@pytest.mark.parametrize(
    ("make", "read"),
    [
        (_import, _listed),
        (_import, runs.results_csv),
        (_copy_links, _results),
        (_copy_links, results.results_csv),
    ],
    ids=["list_handovers", "results_csv of an import", "get_results", "results_csv of a bulk act"],
)
async def test_a_stale_session_is_handed_no_link_of_a_tenant_admin(
    rollcall: Runtime,
    tenant: Tenant,
    platform_user: User,
    make: Run,
    read: Callable[[Actor, UUID], Awaitable[str]],
) -> None:
    actor = await factories.sign_in(platform_user, tenant)
    run_id = await make(actor, tenant)
    boss, ada = [await _token_of(email) for email in (BOSS, ADA)]
    told = await read(actor, run_id)
    assert (boss in told, ada in told) == (True, True)
    clock.shift(STALE)
    told = await read(actor, run_id)
    assert (boss in told, ada in told) == (False, True)
