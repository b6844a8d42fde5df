"""State machines over the services: what Hypothesis explores, on both databases."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from services.core import clock
from services.core.settings import Settings
from tests.conftest import make_settings
from tests.postgres import PostgresServer
from tests.quick import started_on_copy

T = TypeVar("T")
Make = Callable[[], Settings]


class Machine(RuleBasedStateMachine):
    """A started Rollcall on a fresh database, and a clock that can be stepped."""

    make: Make  # settings of a fresh, migrated database

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.shifted = timedelta(0)
        self.runtime = self.run(self.stack.enter_async_context(started_on_copy(type(self).make())))

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(call)

    def step(self, by: timedelta) -> None:
        """Move the clock."""
        self.shifted += by
        clock.shift(self.shifted)

    def teardown(self) -> None:
        clock.shift(timedelta(0))
        self.run(self.stack.aclose())
        self.loop.close()


def maker(request: pytest.FixtureRequest, kind: str, folder: Path) -> Make:
    """What makes settings of a fresh database of this kind, as often as it is asked."""

    def on_sqlite() -> Settings:
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.rmtree(folder / "data", ignore_errors=True)
        (folder / "data").mkdir()
        shutil.copyfile(template, folder / "data" / "rollcall.db")
        return make_settings(folder / "data")

    def on_postgresql() -> Settings:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return make_settings(folder, server.url(server.create_database()))

    return on_sqlite if kind == "sqlite" else on_postgresql


def explore(machine: type[Machine], make: Make, examples: int, steps: int = 25) -> None:
    """Let Hypothesis try this many histories with this many steps."""
    explored = type("Explored", (machine,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        explored,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
