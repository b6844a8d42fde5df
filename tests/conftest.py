"""The fixtures: a started Rollcall on each database, and what it published."""

import asyncio
import gc
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from pydantic import SecretStr

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.events import Event
from services.core.settings import PREFIX, Settings
from services.database.engines import URGENT_WRITERS, WRITERS
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.write_queue import WriteQueue
from services.sign_in import passwords
from tests import factories, lent, postgres, quick, replayed, sizes
from tests.mail_server import MailServer, receiving_mail

quick.learn_once()
replayed.replay()
lent.keep_sessions()

PUBLIC_URL = "https://rollcall.example.com"
REAL, REAL_NOBODY = passwords._hasher, passwords._NOBODY
LONG = ("slow", "walk", "first", "long", "stress")
SELDOM = (10_000, 10, 10)
"""The garbage collector runs this seldom. As often as Python's own numbers say, it and what
Hypothesis does at each run of it would take a thirtieth of the tests' time."""
LONGEST = timedelta(minutes=2)
"""How long before midnight no test begins that could see it."""
BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
]
ONE_DATABASE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
"""For a test of what no database decides: the words of a page or a mail, what a call returns, a
rule in Python. SQL, what is stored, locks, constraints, and notices between processes need both;
and wherever that isn't plain, so does the test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run each stress in full (make soak)")
    parser.addoption("--pictures", action="store_true", help="make those of docs (make pictures)")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: each worker waits for a fifth of its time."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_configure(config: pytest.Config) -> None:
    sizes.soak = config.getoption("soak")
    # How fast a busy machine makes examples says nothing about Rollcall. They are the same in each
    # run, so that a change passes or fails for what it is; `make soak` looks for others.
    hypothesis.settings.register_profile(
        "rollcall",
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
        derandomize=not sizes.soak,
    )
    hypothesis.settings.load_profile("rollcall")
    gc.set_threshold(*SELDOM)
    # SQLite waits for the disk at each commit, which would be most of a test's time.
    if folder := postgres.fast_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that asks for PostgreSQL's server needs its programs, whether or not it says so."""
    if "postgres_server" in getattr(item, "fixturenames", ()):
        item.add_marker("postgresql")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no worker is alone with one at the end."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, LONG)))


def pytest_collection_finish() -> None:
    """What is loaded now stays until the end: the garbage collector needn't look at it again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """No test begins on one day, UTC, and ends on the next: those that might wait for it."""
    left = clock.now().replace(hour=0, minute=0, second=0) + timedelta(days=1) - clock.now()
    if left < LONGEST:
        time.sleep(left.total_seconds() + 1)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests ignore settings of a developer's own Rollcall."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _clock_put_right() -> Iterator[None]:
    yield
    clock.shift(timedelta(0))


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes only where the test says so. However slow a machine is, no pause after failures
    is over (the first is of two seconds), and no second, and no app's code, ends amid a test."""
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began + clock._shift)


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    """Passwords are hashed as ever, by Argon2id at its least cost: microseconds."""
    with pytest.MonkeyPatch.context() as patch:
        quick.hash_cheaply(patch)
        yield


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed at Rollcall's real cost, for tests that are about it."""
    monkeypatch.setattr(passwords, "_hasher", REAL)
    monkeypatch.setattr(passwords, "_NOBODY", REAL_NOBODY)


def make_settings(data_dir: Path, database_url: str | None = None) -> Settings:
    """Settings that ignore the environment and files."""
    return Settings(
        _env_file=None,
        data_dir=data_dir,
        database_url=SecretStr(database_url) if database_url else None,
        public_url=PUBLIC_URL,
    )


async def _migrated(settings: Settings) -> None:
    async with started(settings):
        pass


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy."""
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(_migrated(make_settings(folder)))
    return folder / "rollcall.db"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.PostgresServer]:
    """A PostgreSQL server whose new databases are migrated and empty."""
    try:
        with postgres.running() as server:
            name = server.create_database("rollcall_template")
            folder = tmp_path_factory.mktemp("template")
            asyncio.run(_migrated(make_settings(folder, server.url(name))))
            server.template = name
            yield server
    except postgres.PostgresMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def postgres_database(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """The name of a database on it, which is dropped after the test."""
    name = postgres_server.create_database()
    yield name
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def postgres_lender(postgres_server: postgres.PostgresServer) -> Iterator[lent.Lender]:
    """Lends databases of the server, which are emptied afterwards."""
    lender = lent.Lender(postgres_server)
    yield lender
    lender.close()


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a Rollcall with a fresh, migrated database: the test runs once on each kind."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copyfile(template, data_dir / "rollcall.db")
        yield make_settings(data_dir)
        return
    lender: lent.Lender = request.getfixturevalue("postgres_lender")
    with lender.lend() as url:
        yield make_settings(data_dir, url)


@pytest.fixture
async def rollcall(settings: Settings) -> AsyncIterator[Runtime]:
    """A started Rollcall; the test runs once on each database."""
    async with quick.started_on_copy(settings) as runtime:
        yield runtime


@pytest.fixture
async def others_write(rollcall: Runtime) -> AsyncIterator[None]:
    """Somebody writes all the time, in their own slot, so that every call looks first."""
    is_sqlite = rollcall.database.is_sqlite
    queue = WriteQueue(2) if is_sqlite else WriteQueue(WRITERS + 1, URGENT_WRITERS)
    rollcall.database.queue = queue
    async with queue.turn():
        yield


@pytest.fixture
def events(rollcall: Runtime) -> list[Event]:
    """Every event that is published from here on (after `rollcall.bus.drain()`)."""
    recorded: list[Event] = []

    async def record(event: Event) -> None:
        recorded.append(event)

    rollcall.bus.subscribe(Event, record)
    return recorded


@pytest.fixture
async def mail_server(rollcall: Runtime) -> AsyncIterator[MailServer]:
    """An SMTP server, and a Rollcall that is set to send to it."""
    async with receiving_mail() as server:
        rollcall.settings.mail_server = "127.0.0.1"
        rollcall.settings.mail_port = server.port
        rollcall.settings.mail_from = "rollcall@example.com"
        rollcall.settings.mail_starttls = False
        yield server


@pytest.fixture
async def tenant(rollcall: Runtime) -> Tenant:
    """A tenant."""
    return await factories.create_tenant()


@pytest.fixture
async def other_tenant(rollcall: Runtime) -> Tenant:
    """Another tenant."""
    return await factories.create_tenant("Other")


@pytest.fixture
async def admin_user(tenant: Tenant) -> User:
    """The tenant's Tenant Admin, Grace Hopper."""
    return await factories.create_admin(tenant, first_name="Grace", last_name="Hopper")


@pytest.fixture
async def admin(admin_user: User) -> Actor:
    """The Tenant Admin, signed in."""
    return await factories.sign_in(admin_user)


@pytest.fixture
async def platform_user(rollcall: Runtime) -> User:
    """A Platform Admin, Robin Platform."""
    return await factories.create_user(None, first_name="Robin", last_name="Platform")


@pytest.fixture
async def platform(platform_user: User) -> Actor:
    """The Platform Admin, signed in, above the tenants."""
    return await factories.sign_in(platform_user)
