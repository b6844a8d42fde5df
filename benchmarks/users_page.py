"""The rows of a Users page: the service's time and the bytes for the browser, at any size.

The floor is the same query at the smallest size, because a query that doesn't grow costs the same
at any size. Rollcall isn't served here: the calls are made in this process, one after the other.
"""

import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.people import RARE_NAME, create_tenant
from benchmarks.statistics import Spread
from models import SignInMethod, User
from services.access.actor import Actor
from services.core.settings import Settings
from services.database import runtime
from services.database.startup import started
from services.database.transaction import transaction
from services.lists.query import PAGE_SIZE, ListQuery
from services.sessions.sessions import Caller, begin
from services.users.list import USERS
from services.users.listing import list_users
from tests import postgres
from ui.tables.live_table import slice_values

# A query's median at the largest size may be this many times that at the smallest.
GROWTH = 1.5
SEARCH_MS = 50.0


@dataclass(frozen=True)
class Case:
    """A query for a tenant of so many users; a search's aim is in milliseconds, and
    a filter has none."""

    name: str
    query: Callable[[int], ListQuery]
    is_search: bool = False
    is_filter: bool = False


TURN = Case(
    "next page, in the middle", lambda users: ListQuery(page=max(2, users // PAGE_SIZE // 2 + 1))
)
CASES = (
    Case("first page", lambda _: ListQuery()),
    Case("sorted by email", lambda _: ListQuery(sort="email")),
    Case("sorted by role", lambda _: ListQuery(sort="role")),
    Case("sorted by status", lambda _: ListQuery(sort="status")),
    Case("sorted by status, last first", lambda _: ListQuery(sort="status", descending=True)),
    Case("last page", lambda _: ListQuery(page=100_000)),
    TURN,
    Case("one role", lambda _: ListQuery(filters={"role": "administrator"}), is_filter=True),
    Case("inactive", lambda _: ListQuery(filters={"status": "inactive"}), is_filter=True),
    Case("invited", lambda _: ListQuery(filters={"status": "invited"}), is_filter=True),
    Case(
        "search: one hit",
        lambda users: ListQuery(q=f"user{users // 2:06}@bench-{users}."),
        is_search=True,
    ),
    Case("search: fifty hits", lambda _: ListQuery(q=RARE_NAME), is_search=True),
    Case("search: no hit", lambda _: ListQuery(q="zzqzz"), is_search=True),
    Case("search: everybody", lambda _: ListQuery(q="example"), is_search=True),
    Case("search: two letters", lambda _: ListQuery(q="zq"), is_search=True),
)


async def run(options: Options, *, on_postgresql: bool = False) -> Result:
    """Measure on SQLite, or on a PostgreSQL server that is started for this: a tenant of each size
    in one database, in rounds that take turns."""
    with postgres.running() if on_postgresql else nullcontext() as server:
        url = server.url(server.create_database()) if server else None
        async with _tenants(options.users, url) as actors:
            figures = await _measure(actors, options.rounds(100, least=15))
    return Result(
        "users_page_postgresql" if on_postgresql else "users_page",
        f"Users page on {'PostgreSQL' if on_postgresql else 'SQLite'}: rows of one page",
        "users",
        figures,
    )


@asynccontextmanager
async def _tenants(sizes: Sequence[int], url: str | None) -> AsyncIterator[dict[int, Actor]]:
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        secret_url = SecretStr(url) if url else None
        settings = Settings(_env_file=None, data_dir=Path(folder), database_url=secret_url)
        async with started(settings):
            actors = {users: await _tenant(users) for users in sizes}
            async with runtime.current().database.writer.connect() as connection:
                # What PostgreSQL's autovacuum would have done by now.
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await plain.execute(text("VACUUM ANALYZE" if url else "PRAGMA optimize"))
            yield actors


async def _tenant(users: int) -> Actor:
    people = await create_tenant(f"bench-{users}", users)
    async with transaction() as tx:
        admin = await tx.get_one(User, people[0].id)
        session, _ = begin(tx, admin, Caller(), SignInMethod.PASSWORD)
    return Actor(session.id, admin.id, admin.tenant_id, "")


async def _measure(actors: Mapping[int, Actor], rounds: int) -> list[Figure]:
    took: dict[tuple[str, int], list[float]] = {}
    size: dict[int, int] = {}
    for _ in range(rounds + 1):
        for users, actor in actors.items():
            for case in CASES:
                query = case.query(users)
                if case is TURN:
                    near = (await list_users(actor, replace(query, page=query.page - 1))).cursor
                    query = replace(query, near=near)
                begun = time.perf_counter()
                page = await list_users(actor, query)
                took.setdefault((case.name, users), []).append((time.perf_counter() - begun) * 1000)
                if case is CASES[0]:
                    values = json.dumps(slice_values(USERS, page), separators=(",", ":"))
                    size[users] = len(values.encode())
    smallest = min(actors)
    spreads = {key: Spread(sample[1:]) for key, sample in took.items()}
    return [
        _figure(case, users, spreads[case.name, users], spreads[case.name, smallest])
        for case in CASES
        for users in actors
    ] + [Figure("bytes of the first page", users, "bytes", (size[users],)) for users in actors]


def _figure(case: Case, users: int, ours: Spread, smallest: Spread) -> Figure:
    if case.is_search:
        aim, met = f"median at most {SEARCH_MS:g} ms", ours.p50 <= SEARCH_MS
    elif case.is_filter:
        return Figure(case.name, users, "ms", ours.numbers, smallest.numbers)
    else:
        aim, met = f"median at most {GROWTH:g} × the smallest", ours.p50 <= GROWTH * smallest.p50
    return Figure(case.name, users, "ms", ours.numbers, smallest.numbers, aim, met)
