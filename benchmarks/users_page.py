"""The rows of a Users page: the service's time and the bytes for the browser, at any size.

The floor is the first query at the smallest size, as what doesn't grow costs the same at any.
Rollcall isn't served here: the calls are made in this process, one after the other.
"""

import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.people import RARE_NAME, create_tenant
from benchmarks.statistics import Spread
from models import Role, SignInMethod, User
from services import runtime
from services.actor import Actor
from services.db import transaction
from services.directory import list_users
from services.sessions import Caller, begin
from services.settings import Settings
from services.startup import started
from services.user_query import PAGE_SIZE, UserQuery
from tests import postgres
from ui.pages.users import page_values

# A query's median at the largest size may be this many times that at the smallest.
GROWTH = 1.5
SEARCH_MS = 50.0


@dataclass(frozen=True)
class Case:
    """A query for a tenant of so many users; `grows` tells that its aim is in milliseconds."""

    name: str
    query: Callable[[int], UserQuery]
    is_search: bool = False
    is_filter: bool = False


CASES = (
    Case("first page", lambda _: UserQuery()),
    Case("sorted by email", lambda _: UserQuery(sort="email")),
    Case("sorted by role", lambda _: UserQuery(sort="role")),
    Case("sorted by status", lambda _: UserQuery(sort="status")),
    Case("sorted by status, last first", lambda _: UserQuery(sort="status", descending=True)),
    Case("last page", lambda _: UserQuery(page=100_000)),
    Case("one role", lambda _: UserQuery(role=Role.ADMINISTRATOR), is_filter=True),
    Case("inactive", lambda _: UserQuery(active=False), is_filter=True),
    Case("invited", lambda _: UserQuery(invited=True), is_filter=True),
    Case("search: one hit", lambda users: UserQuery(q=f"user{users // 2:06}@"), is_search=True),
    Case("search: fifty hits", lambda _: UserQuery(q=RARE_NAME), is_search=True),
    Case("search: no hit", lambda _: UserQuery(q="zzqzz"), is_search=True),
    Case("search: everybody", lambda _: UserQuery(q="example"), is_search=True),
    Case("search: two letters", lambda _: UserQuery(q="zq"), is_search=True),
)


async def run(options: Options, *, on_postgresql: bool = False) -> Result:
    """Measure on SQLite, or on a PostgreSQL server that is started for this."""
    figures: dict[str, list[Figure]] = {case.name: [] for case in (*CASES, TURN)}
    with postgres.running() if on_postgresql else nullcontext() as server:
        for users in options.users:
            url = server.url(server.create_database()) if server else None
            async with _tenant(users, url) as actor:
                await _measure(actor, users, options.rounds(users, least=15), figures)
    return Result(
        "users_page_postgresql" if on_postgresql else "users_page",
        f"Users page on {'PostgreSQL' if on_postgresql else 'SQLite'}: rows of one page",
        "users",
        [figure for case in figures.values() for figure in case],
    )


TURN = Case("next page, in the middle", lambda _: UserQuery())


@asynccontextmanager
async def _tenant(users: int, url: str | None) -> AsyncIterator[Actor]:
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        secret_url = SecretStr(url) if url else None
        settings = Settings(_env_file=None, data_dir=Path(folder), database_url=secret_url)
        async with started(settings):
            people = await create_tenant("bench", users)
            async with runtime.current().database.writer.connect() as connection:
                # What PostgreSQL's autovacuum would have done by now.
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await plain.execute(text("VACUUM ANALYZE" if url else "PRAGMA optimize"))
            async with transaction() as tx:
                session, _ = begin(
                    tx, await tx.get_one(User, people[0].id), Caller(), SignInMethod.PASSWORD
                )
            yield Actor(session.id, people[0].id, people[0].tenant_id, "")


async def _measure(actor: Actor, users: int, rounds: int, figures: dict[str, list[Figure]]) -> None:
    middle = max(1, users // PAGE_SIZE // 2)
    near = (await list_users(actor, UserQuery(page=middle))).place
    queries = {case: case.query(users) for case in CASES}
    queries[TURN] = UserQuery(page=middle + 1, near=near)
    took: dict[Case, list[float]] = {case: [] for case in queries}
    size = dict.fromkeys(queries, 0)
    for _ in range(rounds + 1):
        for case, query in queries.items():
            begun = time.perf_counter()
            page = await list_users(actor, query)
            took[case].append((time.perf_counter() - begun) * 1000)
            size[case] = len(json.dumps(page_values(page), separators=(",", ":")).encode())
    for case, sample in took.items():
        figures[case.name].append(_figure(case, users, Spread(sample[1:]), figures))
    figures["first page"].append(
        Figure("bytes of the first page", users, "bytes", (size[CASES[0]],))
    )


def _figure(case: Case, users: int, spread: Spread, figures: dict[str, list[Figure]]) -> Figure:
    smallest = figures[case.name][0].ours if figures[case.name] else spread.numbers
    if case.is_search:
        aim, met = f"median at most {SEARCH_MS:g} ms", spread.p50 <= SEARCH_MS
    elif case.is_filter:
        return Figure(case.name, users, "ms", spread.numbers, smallest)
    else:
        aim, met = f"median at most {GROWTH:g} × the smallest", spread.p50 <= GROWTH * smallest[0]
    return Figure(case.name, users, "ms", spread.numbers, smallest, aim, met)
