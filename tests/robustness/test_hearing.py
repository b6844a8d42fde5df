"""Where a server can't hear the others on its database, monitors and proxies are told."""

import asyncio
from pathlib import Path

import httpx
import pytest

from services.database.postgresql_transport import DEAF, LISTENER
from tests.browser.server import PATIENCE, Server, serving
from tests.browser.waiting import eventually
from tests.pgbouncer import pooling
from tests.postgres import PostgresServer
from tests.relay import Relay

pytestmark = pytest.mark.postgresql

UNHEARD = (503, "This process doesn't hear the others, which may run on the same database.")
READY = (200, "ready")


async def _answers(server: Server, wanted: tuple[int, str]) -> None:
    """Wait for this answer of `/readyz`."""
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=PATIENCE) as http:
        while await _answer(http, server) != wanted:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def _answer(http: httpx.AsyncClient, server: Server) -> tuple[int, str]:
    answer = await http.get(f"{server.url}/readyz")
    return answer.status_code, answer.text


async def test_who_can_not_listen_is_not_ready_until_it_can(
    postgres_server: PostgresServer, postgres_database: str, tmp_path: Path
) -> None:
    relay = Relay()
    relay.refused = LISTENER.encode()
    async with relay.before(postgres_server.port):
        settings = {"ROLLCALL_DATABASE_URL": postgres_server.url(postgres_database, relay.port)}
        async with serving(tmp_path / "data", settings=settings, until="/healthz") as server:
            await eventually(lambda: "Listening for other processes failed" in server.log())
            await _answers(server, UNHEARD)
            async with httpx.AsyncClient(timeout=PATIENCE) as http:
                answer = await http.get(f"{server.url}/platform/login")
            assert answer.status_code == 200, "it serves those who come"
            relay.refused = b""
            await _answers(server, READY)


async def test_behind_a_proxy_that_pools_transactions_it_is_not_ready_and_says_why(
    postgres_server: PostgresServer, postgres_database: str, tmp_path: Path
) -> None:
    with pooling(postgres_server, "transaction", postgres_database) as url:
        settings = {"ROLLCALL_DATABASE_URL": url}
        async with serving(tmp_path / "data", settings=settings, until="/healthz") as server:
            await eventually(lambda: DEAF in server.log())
            await _answers(server, UNHEARD)


async def test_behind_a_proxy_that_pools_sessions_it_is_ready(
    postgres_server: PostgresServer, postgres_database: str, tmp_path: Path
) -> None:
    with pooling(postgres_server, "session", postgres_database) as url:
        settings = {"ROLLCALL_DATABASE_URL": url}
        async with serving(tmp_path / "data", settings=settings, until="/healthz") as server:
            await _answers(server, READY)
