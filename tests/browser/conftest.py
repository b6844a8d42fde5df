"""One server, one SMTP server and one Chromium for the whole folder; a fresh tenant per test."""

import re
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from models import Tenant, User
from services.access.actor import Actor
from services.core.settings import Settings
from services.database import runtime
from services.database.runtime import Runtime
from services.database.startup import started
from tests import factories
from tests.browser import forms_page
from tests.browser.browsers import Browsers
from tests.browser.patient import PATIENT
from tests.browser.server import Server, serving
from tests.mail_server import MailServer, receiving_mail

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
# The same engine without windows, which take half of Chromium's time here.
SHELL = "/usr/bin/chromium-headless-shell"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One process for all tabs of a browser; two browsers never share one.
    "--renderer-process-limit=1",
    # Nothing waits for an answer from outside, where others' pages have their looks from.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
_tenants = count(1)
_failed = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nearly every test here drives the browser, in the one event loop that it lives in."""
    in_its_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if iscoroutinefunction(getattr(item, "function", None)):
                item.add_marker(in_its_loop, append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a failure, for the pictures."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@asynccontextmanager
async def launched(program: str) -> AsyncIterator[Browser]:
    """Run Chromium until the block ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser; each test opens contexts in it, which share nothing."""
    async with launched(SHELL) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mail_server() -> AsyncIterator[MailServer]:
    """The mail server to which the server sends."""
    async with receiving_mail() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(
    tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer
) -> AsyncIterator[Server]:
    """The server that every test shares."""
    settings = {
        "ROLLCALL_MAIL_SERVER": "127.0.0.1",
        "ROLLCALL_MAIL_PORT": str(mail_server.port),
        "ROLLCALL_MAIL_FROM": "rollcall@example.com",
        "ROLLCALL_MAIL_STARTTLS": "false",
    }
    data_dir = tmp_path_factory.mktemp("browser") / "data"
    before = PATIENT + forms_page.REGISTER
    async with serving(data_dir, settings=settings, before=before) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def beside(server: Server, mail_server: MailServer) -> AsyncIterator[Runtime]:
    """The services in this process, on the server's database. For the server, this is another
    process."""
    settings = Settings(
        _env_file=None,
        data_dir=server.data_dir,
        public_url=server.url,
        mail_server="127.0.0.1",
        mail_port=mail_server.port,
        mail_from="rollcall@example.com",
        mail_starttls=False,
    )
    async with started(settings) as current:
        runtime.use(None)
        yield current


@pytest.fixture
def rollcall(beside: Runtime) -> Iterator[Runtime]:
    """The services, for one test."""
    runtime.use(beside)
    yield beside
    runtime.use(None)


@asynccontextmanager
async def watched(
    request: pytest.FixtureRequest, chromium: Browser, server: Server
) -> AsyncIterator[Browsers]:
    """A test's browsers. It fails where one of their pages or the server complains."""
    ended = server.process.returncode
    assert ended is None, f"The server has ended by itself ({ended}):\n{server.log()}"
    before = len(server.log())
    browsers = Browsers(chromium, server.url)
    yield browsers
    if request.node.stash.get(_failed, False):
        await browsers.keep_evidence(request.node.name, server.log()[before:])
    complaints = await browsers.close()
    logged = server.log()[before:]
    assert not complaints, "\n".join(complaints)
    assert "Traceback" not in logged, logged
    # 256 bits, as every token has them; the set-up link was printed before.
    assert not re.search(r"(?<![\w-])[\w-]{43}(?![\w-])", logged), logged


@pytest_asyncio.fixture(loop_scope="session")
async def browsers(
    request: pytest.FixtureRequest, chromium: Browser, server: Server
) -> AsyncIterator[Browsers]:
    """The test's browsers."""
    async with watched(request, chromium, server) as browsers:
        yield browsers


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(rollcall: Runtime) -> Tenant:
    """A tenant."""
    return await factories.create_tenant(f"Acme {next(_tenants)}")


@pytest_asyncio.fixture(loop_scope="session")
async def other_tenant(rollcall: Runtime) -> Tenant:
    """Another tenant."""
    return await factories.create_tenant(f"Other {next(_tenants)}")


@pytest_asyncio.fixture(loop_scope="session")
async def grace(tenant: Tenant) -> User:
    """The tenant's admin, Grace Hopper."""
    return await factories.create_admin(tenant, first_name="Grace", last_name="Hopper")


@pytest_asyncio.fixture(loop_scope="session")
async def alan(tenant: Tenant) -> User:
    """The tenant's other admin, Alan Turing."""
    return await factories.create_admin(tenant, first_name="Alan", last_name="Turing")


@pytest_asyncio.fixture(loop_scope="session")
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer of the tenant, Ada Lovelace."""
    return await factories.create_user(tenant)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(grace: User) -> Actor:
    """Grace Hopper at work in this process, beside the server."""
    return await factories.sign_in(grace)


@pytest_asyncio.fixture(loop_scope="session")
async def robin(rollcall: Runtime) -> User:
    """A Platform Admin, Robin Platform."""
    return await factories.create_user(None, first_name="Robin", last_name="Platform")
