"""Two replicas on one PostgreSQL, each a process of its own, and the services in this one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from models import Tenant, User
from services.settings import Settings
from services.startup import started
from tests import factories
from tests.browser.server import Server, serving
from tests.browser.waiting import eventually
from tests.postgres import PostgresServer

SECRET = "the same secret, thirty-two characters or more"
KNOWN = "serves the same database"


@dataclass
class Replicas:
    """What every replica of one Rollcall shares, and those that run."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    public_url: str = "http://127.0.0.1:8080"

    @asynccontextmanager
    async def one(self, name: str, *, port: int | None = None) -> AsyncIterator[Server]:
        """Run one replica until the block ends."""
        settings = {
            "ROLLCALL_DATABASE_URL": self.database_url,
            "ROLLCALL_SECRET": SECRET,
            "ROLLCALL_PUBLIC_URL": self.public_url,
            **self.settings,
        }
        async with serving(self.folder / name, port=port, settings=settings) as server:
            yield server

    @asynccontextmanager
    async def two(self) -> AsyncIterator[tuple[Server, Server]]:
        """Run two that know of each other."""
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(self.one("a"))
            second = await stack.enter_async_context(self.one("b"))
            for server in (first, second):
                await eventually(lambda server=server: KNOWN in server.log())  # type: ignore[misc]
            yield first, second

    @asynccontextmanager
    async def scene(self) -> AsyncIterator[None]:
        """The services in this process, as the command line has them."""
        settings = Settings(
            _env_file=None,
            data_dir=self.folder / "scene",
            database_url=SecretStr(self.database_url),
            secret=SecretStr(SECRET),
            public_url=self.public_url,
            mail_server=self.settings.get("ROLLCALL_MAIL_SERVER"),
            mail_from=self.settings.get("ROLLCALL_MAIL_FROM"),
        )
        async with started(settings):
            yield


@dataclass
class People:
    """A tenant with two admins and two who do its work."""

    tenant: Tenant
    grace: User
    alan: User
    ada: User
    joan: User

    @classmethod
    async def come(cls, name: str = "Acme") -> "People":
        """Create them."""
        tenant = await factories.create_tenant(name)
        return cls(
            tenant,
            await factories.create_admin(tenant, first_name="Grace", last_name="Hopper"),
            await factories.create_admin(tenant, first_name="Alan", last_name="Turing"),
            await factories.create_user(tenant),
            await factories.create_user(tenant, first_name="Joan", last_name="Clarke"),
        )

    @property
    def home(self) -> str:
        """The tenant's address."""
        return f"/t/{self.tenant.slug}"


@pytest.fixture
def replicas(postgres_server: PostgresServer, tmp_path: Path) -> Replicas:
    """Replicas on a fresh database."""
    return Replicas(tmp_path, postgres_server.url(postgres_server.create_database()))


@pytest_asyncio.fixture
async def pair(replicas: Replicas) -> AsyncIterator[tuple[Server, Server]]:
    """Two replicas, for a test that does them harm."""
    async with replicas.two() as pair, replicas.scene():
        yield pair


@pytest.fixture
async def people(pair: tuple[Server, Server]) -> People:
    """Who is there."""
    return await People.come()
