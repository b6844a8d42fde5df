"""Two replicas on one PostgreSQL, each a process of its own, and the services in this one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from models import MailState, Tenant, User
from services.core import clock
from services.core.settings import Settings
from services.database import runtime
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import transaction
from services.users.ends import End, set_end
from tests import books, factories
from tests.browser.patient import PATIENT
from tests.browser.server import Server, serving
from tests.browser.waiting import eventually
from tests.mail_server import MailServer, receiving_mail
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.replicas.people import all_leave, until

HERE = Path(__file__).parent
SECRET = "the same secret, thirty-two characters or more"
KNOWN = "serves the same database"
# When the replicas have started by then, they find an end at the time at which it comes.
AHEAD = timedelta(seconds=25)
_numbers = count(1)


@dataclass
class Replicas:
    """What every replica of one Rollcall shares, and those that run."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    proxy_port: int = field(default_factory=free_port)
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    ready_at: datetime | None = None
    """When two ran."""

    @property
    def public_url(self) -> str:
        """Where the proxy is, if there is one."""
        return f"http://127.0.0.1:{self.proxy_port}"

    @asynccontextmanager
    async def one(self, name: str, *, port: int) -> AsyncIterator[Server]:
        """Run one replica until the block ends."""
        settings = {
            "ROLLCALL_DATABASE_URL": self.database_url,
            "ROLLCALL_SECRET": SECRET,
            "ROLLCALL_PUBLIC_URL": self.public_url,
            "ROLLCALL_TRUSTED_PROXIES": "127.0.0.1",
            **self.settings,
        }
        where = self.folder / name
        async with serving(where, port=port, settings=settings, before=PATIENT) as server:
            yield server

    @asynccontextmanager
    async def two(self) -> AsyncIterator[tuple[Server, Server]]:
        """Run two that know of each other."""
        async with AsyncExitStack() as stack:
            first, second = await asyncio.gather(
                *(
                    stack.enter_async_context(self.one(name, port=port))
                    for name, port in zip("ab", self.ports, strict=True)
                )
            )
            await eventually(lambda: KNOWN in first.log() and KNOWN in second.log())
            self.ready_at = clock.now()
            yield first, second

    @asynccontextmanager
    async def scene(self) -> AsyncIterator[None]:
        """The services in this process, started as by the command line."""
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests here share replicas, and the event loop in which those were started."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.postgresql)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def _sockets_closed() -> AsyncIterator[None]:
    """No socket outlives its test."""
    yield
    await all_leave()


@pytest.fixture
def spare(postgres_server: PostgresServer, tmp_path: Path) -> Replicas:
    """Replicas on a fresh database, for a test that breaks them."""
    return Replicas(tmp_path, postgres_server.url(postgres_server.create_database()))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mail_server() -> AsyncIterator[MailServer]:
    """What the replicas' mails arrive at."""
    async with receiving_mail() as server:
        yield server


@pytest.fixture(scope="session")
def replicas(
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
    mail_server: MailServer,
) -> Replicas:
    """The replicas that all other tests share."""
    url = postgres_server.url(postgres_server.create_database())
    return Replicas(
        tmp_path_factory.mktemp("replicas"),
        url,
        {
            "ROLLCALL_MAIL_SERVER": "127.0.0.1",
            "ROLLCALL_MAIL_PORT": str(mail_server.port),
            "ROLLCALL_MAIL_FROM": "rollcall@example.com",
            "ROLLCALL_MAIL_STARTTLS": "false",
        },
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def beside(replicas: Replicas) -> AsyncIterator[Runtime]:
    """The services in this process: another one, to the replicas."""
    async with replicas.scene():
        yield _set_aside()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def past_their_end(beside: Runtime) -> list[People]:
    """A user whose end date had passed before the replicas were started."""
    runtime.use(beside)
    found = [await People.come(f"Past {number}") for number in range(3)]
    async with transaction() as tx:
        for user in (user for people in found for user in (people.ada, people.joan)):
            set_end(user, End(clock.now().date() - timedelta(days=1)), None)
            tx.add(user)
    _set_aside()
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def soon_at_their_end(beside: Runtime) -> tuple[Tenant, list[User]]:
    """Users whose end comes while the replicas run."""
    runtime.use(beside)
    tenant = await factories.create_tenant("Soon")
    users = await factories.create_users(5, tenant)
    async with transaction() as tx:
        for user in users:
            row = await tx.get_one(User, user.id)
            set_end(row, End(clock.now().date()), None)
            row.ends_at = clock.now() + AHEAD  # an end that is chosen is at a whole minute
    _set_aside()
    return tenant, users


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def near_their_end(beside: Runtime) -> tuple[People, list[User]]:
    """Users whose reminders were due before the replicas were started, so that both find them at
    once."""
    runtime.use(beside)
    people = await People.come("Near")
    users = await factories.create_users(30, people.tenant)
    async with transaction() as tx:
        for user in users:
            row = await tx.get_one(User, user.id)
            row.invited_by_id = people.grace.id
            set_end(row, End(clock.now().date() + timedelta(days=5)), people.grace.id)
            row.end_set_at = clock.now() - timedelta(days=60)
    _set_aside()
    return people, users


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pair(
    replicas: Replicas,
    past_their_end: list[People],
    near_their_end: tuple[People, list[User]],
    soon_at_their_end: tuple[Tenant, list[User]],
) -> AsyncIterator[tuple[Server, Server]]:
    """Two replicas that run."""
    async with replicas.two() as pair:
        yield pair


@pytest.fixture
def scene(beside: Runtime, pair: tuple[Server, Server]) -> Iterator[None]:
    """The services, for one test."""
    runtime.use(beside)
    yield
    runtime.use(None)


@pytest_asyncio.fixture(loop_scope="session")
async def people(scene: None) -> People:
    """Who is there, in a tenant of the test's own."""
    return await People.come(f"Acme {next(_numbers)}")


def _set_aside() -> Runtime:
    current = runtime.current()
    runtime.use(None)
    return current


async def until_reminded(people: People, users: list[User]) -> None:
    """Wait until a reminder was sent for each of these people."""

    async def all_sent() -> bool:
        mails = await books.mails_of(people.grace.id)
        sent = [mail for mail in mails if mail.state is MailState.SENT]
        return len(sent) >= len(users)

    await until(all_sent)
