"""Saves tests work that an earlier test in the same worker has done: each query is compiled once,
the certificates that clients trust are read once, what tables the migrations make up to each schema
is found out once, and a copy of a migrated database isn't migrated again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

import argon2
import pytest
from alembic.config import Config
from httpx._transports import default as transports
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.core.settings import Settings
from services.database import engines, rewritten_schemas, runtime, startup, vault
from services.database.rewritten_schemas import Columns
from services.database.runtime import Runtime
from services.sign_in import passwords

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Argon2id as ever, at its least cost: microseconds."""
NOBODY = CHEAP.hash("nobody's password")
QUERIES = 5000
_made: dict[str, list[Engine]] = {}
_make_tables = rewritten_schemas._made
_tables: dict[tuple[str | None, str], Columns] = {}


def _learnt_engine(url: Any, **options: Any) -> AsyncEngine:
    """An engine that shares compiled queries with others of its kind.

    SQLAlchemy keeps them for each engine, and finds them by its dialect.
    """
    engine = create_async_engine(url, query_cache_size=QUERIES, **options)
    kind, sync = engine.dialect.name, engine.sync_engine
    made = _made.setdefault(kind, [])
    # Some engines are never connected, for example those for urgent acts: they have compiled
    # nothing.
    first = next((one for one in made if one.dialect.server_version_info is not None), None)
    if first is None:
        made.append(sync)
        return engine
    sync.dialect.initialize = lambda connection: None  # type: ignore[method-assign]  # of this one
    sync.dialect = sync.pool._dialect = first.dialect
    sync._compiled_cache = first._compiled_cache
    return engine


def _learnt_tables(config: Config, revisions: Sequence[str]) -> dict[str, Columns]:
    """The tables up to each of these revisions. For all of them the migrations run for seconds."""
    folder = config.get_main_option("script_location")
    if any((folder, revision) not in _tables for revision in revisions):
        for revision, tables in _make_tables(config, revisions).items():
            _tables[folder, revision] = tables
    return {revision: _tables[folder, revision] for revision in revisions}


def learn_once() -> None:
    """Let all engines of this process share compiled queries, all its HTTP clients one list of
    certificates (to read it is nearly all that making a client takes), and all upgrades what tables
    the migrations make."""
    rewritten_schemas._made = _learnt_tables
    transports.create_ssl_context = cache(transports.create_ssl_context)  # type: ignore[attr-defined]  # a name it imports
    engines.create_async_engine = _learnt_engine  # type: ignore[attr-defined]  # a name it imports


def hash_cheaply(patch: pytest.MonkeyPatch) -> None:
    """Hash passwords as ever, by Argon2id at its least cost."""
    patch.setattr(passwords, "_hasher", CHEAP)
    patch.setattr(passwords, "_NOBODY", NOBODY)


async def _needn_t_migrate(*, may_create: bool = True) -> None:
    database = runtime.current().database
    database.has_trigram_table = database.is_sqlite


async def _nothing_is_lost() -> int:
    return 0


@asynccontextmanager
async def started_on_copy(settings: Settings) -> AsyncIterator[Runtime]:
    """`started`, on a copy of an empty database that `started` has migrated: its schema isn't
    compared with ours once more, and no secret is looked for in it."""
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(startup, "migrate", _needn_t_migrate)
            patch.setattr(vault, "lost", _nothing_is_lost)
            current = await stack.enter_async_context(startup.started(settings))
        yield current
