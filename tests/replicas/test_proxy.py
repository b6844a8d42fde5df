"""Behind nginx, with the configuration that docs/scaling.md shows: a browser stays at a replica."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from services.access.actor import COMMAND_LINE
from services.users import accounts
from tests.browser.server import Server
from tests.browser.waiting import PATIENCE, eventually
from tests.factories import PASSWORD
from tests.replicas.conftest import People, Replicas
from tests.replicas.people import STICKY, Visitor, answered_by
from tests.replicas.proxy import Proxy, proxying


@pytest.fixture(scope="session")
def proxy(replicas: Replicas, pair: tuple[Server, Server]) -> Iterator[Proxy]:
    """The proxy before both."""
    with proxying(replicas.proxy_port, replicas.ports) as proxy:
        yield proxy


async def test_a_browser_stays_at_its_replica_from_its_first_request_through_sign_in_and_out(
    pair: tuple[Server, Server], people: People, proxy: Proxy
) -> None:
    browser = Visitor(proxy.url)
    answers = [await browser.get(f"{people.home}/login")]
    sticky = browser.cookies[STICKY]
    answers += [
        await browser.post(f"{people.home}/login", email=people.ada.email, password=PASSWORD)
    ]
    await browser.open(answers[1].headers["location"])  # the page, and its socket
    answers += [await browser.post(f"{people.home}/logout")]
    assert [answer.status_code for answer in answers] == [200, 303, 303]
    assert browser.cookies[STICKY] == sticky
    replicas = {await answered_by(answer, pair) for answer in answers}
    assert len(replicas) == 1


async def test_browsers_are_spread_over_the_replicas(
    pair: tuple[Server, Server], proxy: Proxy
) -> None:
    waiting = set(pair)
    async with asyncio.timeout(PATIENCE):
        while waiting:
            answer = await asyncio.to_thread(httpx.get, f"{proxy.url}/platform/login")
            waiting -= {await answered_by(answer, pair)}


async def test_pages_outlast_a_restart_of_the_proxy(people: People, proxy: Proxy) -> None:
    visitor = await Visitor.of(people.grace, proxy.url)
    grid = await visitor.open(f"{people.home}/users")
    proxy.stop()
    await asyncio.wait_for(grid.closed.wait(), PATIENCE)
    await asyncio.to_thread(proxy.start)
    await grid.connect()
    await accounts.set_active(COMMAND_LINE, people.joan.id, active=False)
    await eventually(lambda: grid.patches(people.joan))
