"""What tests of services share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.services.at_once import AtOnce, database_of_two


@pytest.fixture
async def at_once(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AtOnce]:
    """Does two calls at once, on a Rollcall with a PostgreSQL database of its own."""
    async with database_of_two(postgres_server, tmp_path, monkeypatch) as done:
        yield done
