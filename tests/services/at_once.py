"""Two calls on PostgreSQL, both within their transactions at the same moment: each comes as far as
it can while nobody gets an entry into a log, and then both go on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from models import Role, Tenant
from services.access.actor import Actor
from services.core.errors import RollcallError
from services.database import engines
from services.workspace import members
from tests import factories
from tests.browser.waiting import PATIENCE
from tests.conftest import make_settings
from tests.factories import create_tenant, create_users
from tests.postgres import PostgresServer
from tests.quick import started_on_copy
from tests.racing import race
from tests.services.workspace.rows import Rows, create_rows

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@dataclass
class Scene:
    """Two of each role, who work in one organisation, and what they work on."""

    tenant: Tenant
    other: Tenant
    platform: list[Actor]
    admins: list[Actor]
    authors: list[Actor]
    workers: list[Actor]
    rows: Rows
    elsewhere: Rows
    """A POC that the second of the workers owns."""
    email: str
    """What both want."""


Pair = tuple[Awaitable[object], Awaitable[object]]
AtOnce = Callable[[Pair], Awaitable[None]]


async def set_scene() -> Scene:
    """People and work that no other scene has."""
    tenant, other = await create_tenant(), await create_tenant("Other")

    async def two(role: Role) -> list[Actor]:
        at = None if role is Role.PLATFORM_ADMIN else tenant
        return await factories.sign_in_all(await create_users(2, at, role=role))

    workers = await two(Role.SALES_ENGINEER)
    own = await create_rows(tenant.id, workers[0].user_id)
    await members.add_member(workers[0], own.poc, workers[1].user_id)
    return Scene(
        tenant,
        other,
        await two(Role.PLATFORM_ADMIN),
        await two(Role.TENANT_ADMIN),
        await two(Role.ADMINISTRATOR),
        workers,
        own,
        await create_rows(tenant.id, workers[1].user_id),
        f"{uuid4().hex}@example.com",
    )


@asynccontextmanager
async def database_of_two(
    server: PostgresServer, folder: Path, patch: pytest.MonkeyPatch
) -> AsyncIterator[AtOnce]:
    """Rollcall on a database of its own, and what two calls on it are done at once with."""
    patch.setattr(engines, "ROW_LOCK_TIMEOUT", PATIENCE)  # who waits is held by the test
    name = server.create_database()
    url = server.url(name)
    async with started_on_copy(make_settings(folder, url)):
        yield partial(_at_once, url)
    server.drop_database(name)


async def _at_once(url: str, pair: Pair) -> None:
    """Have one after the other come as far as they can while nobody gets an entry into a log, then
    let them go on: what one has written by then isn't committed when the other comes to write. At
    least one is done; the other is too, or is refused."""
    begun: list[asyncio.Task[RollcallError | None]] = []
    async with (
        await psycopg.AsyncConnection.connect(url) as holding,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as watching,
        asyncio.timeout(PATIENCE),
    ):
        await holding.execute("SELECT 1 FROM audit_head FOR UPDATE")
        for call in pair:
            begun.append(asyncio.create_task(_outcome(call)))
            while True:
                found = await (await watching.execute(WAITING)).fetchone()
                assert found is not None
                if found[0] + sum(task.done() for task in begun) >= len(begun):
                    break
                await asyncio.sleep(0.005)
        await holding.rollback()
    assert None in await asyncio.gather(*begun), "at least one is done"


async def _outcome(call: Awaitable[object]) -> RollcallError | None:
    """By what the call is refused; none where it is done. Anything else is a bug."""
    done, refused = await race(call)
    return None if done else refused[0]
