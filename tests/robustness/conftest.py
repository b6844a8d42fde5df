"""A real server, and a database that the tests set the scene in."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.core.settings import Settings
from services.database import runtime
from services.database.runtime import Runtime
from services.database.startup import started
from tests.browser.server import Server, serving


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Server]:
    """`main.py serve`, at its first start."""
    async with serving_first(tmp_path / "data", sqlite_template) as running:
        yield running


@asynccontextmanager
async def serving_first(data_dir: Path, template: Path) -> AsyncIterator[Server]:
    """Serve on tables that were made before: making them again would be most of the start."""
    copy_into(data_dir, template)
    async with serving(data_dir) as running:
        yield running


def copy_into(data_dir: Path, template: Path) -> None:
    """Put tables that were made before into a data folder, which this makes."""
    data_dir.mkdir()
    database = data_dir / "rollcall.db"
    shutil.copyfile(template, database)
    # As Rollcall makes it itself: else its readiness warns, whenever that is first looked at.
    database.chmod(0o600)


@pytest.fixture
async def scene(server: Server) -> AsyncIterator[Runtime]:
    """The services in this process, on the server's own database."""
    settings = Settings(_env_file=None, data_dir=server.data_dir, public_url=server.url)
    async with started(settings):
        yield runtime.current()


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts, which says where its requests come from."""
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
        yield client
