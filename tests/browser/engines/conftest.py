"""One Firefox and WebKit for each process of the tests; a clean one for each test."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.browsers import RESULTS
from tests.browser.engines import drivers
from tests.browser.engines.screen import Screen
from tests.browser.server import Server

_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a failure, for the evidence."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what Firefox downloads."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def firefox(downloads: Path) -> Iterator[WebDriver]:
    """Debian's Firefox."""
    with drivers.firefox(downloads) as driver:
        yield driver


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what WebKit draws."""
    return tmp_path_factory.mktemp("frames")


@pytest.fixture(scope="session")
def webkit(frames: Path) -> Iterator[WebDriver]:
    """Debian's WebKit."""
    with drivers.webkit(frames) as driver:
        yield driver


@pytest.fixture(params=["firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> WebDriver:
    """Each of the two in turn."""
    driver: WebDriver = request.getfixturevalue(request.param)
    return driver


@pytest_asyncio.fixture(loop_scope="session")
async def screen(
    request: pytest.FixtureRequest, engine: WebDriver, server: Server
) -> AsyncIterator[Screen]:
    """The engine, where nobody is signed in. The test fails where the server complains."""
    before = len(server.log())
    screen = Screen(engine, server.url)
    yield screen
    if request.node.stash.get(_failed, False):
        (RESULTS / "failures").mkdir(parents=True, exist_ok=True)
        kept = RESULTS / "failures" / f"{request.node.name}.html"
        # (Without a graphics card, WebKit's driver gives no picture.)
        kept.write_text(await asyncio.to_thread(lambda: engine.page_source), encoding="utf-8")
    await screen.clear()
    assert "Traceback" not in server.log()[before:], server.log()[before:]
