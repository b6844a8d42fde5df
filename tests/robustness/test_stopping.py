"""SIGTERM: requests that were begun are finished, and nothing is lost."""

import asyncio
import signal
from pathlib import Path

import httpx

from services.audit.check import verify
from services.core.settings import Settings
from services.database.startup import started
from services.sessions import sessions
from tests import factories
from tests.browser.server import PATIENCE, cookie_name, serving
from tests.factories import CALLER, PASSWORD

REQUESTS = 6
# A busy machine's hashes may take longer than a stop waits for.
UNHURRIED = f"from ui import listener; listener.SHUTDOWN_TIMEOUT = {PATIENCE}"


async def test_open_requests_end_and_are_there_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = Settings(_env_file=None, data_dir=folder)
    async with started(settings):
        tenant = await factories.create_tenant("Acme", "acme")
        people = await factories.create_users(REQUESTS, tenant)
    async with (
        serving(folder, before=UNHURRIED) as server,
        httpx.AsyncClient(
            base_url=server.url, headers={"Origin": server.url}, timeout=PATIENCE
        ) as http,
    ):
        sent = [asyncio.Event() for _ in people]
        posts = [
            asyncio.create_task(_sign_in(http, user.email, event))
            for user, event in zip(people, sent, strict=True)
        ]
        for event in sent:
            await event.wait()
        # The server has them all: what arrived before this did is read before it, on the same loop.
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE) as other:
            assert (await other.get("/healthz")).status_code == 200
        assert await server.stop(signal.SIGTERM) == 0
        answers = await asyncio.gather(*posts)
        assert "Traceback" not in server.log()
    assert [answer.status_code for answer in answers] == [303] * REQUESTS
    async with started(settings):
        for user, answer in zip(people, answers, strict=True):
            visit = await sessions.recognise(
                answer.cookies[cookie_name(server.url)], "acme", CALLER
            )
            assert visit.user_id == user.id
        assert (await verify())[1] is None


async def _sign_in(http: httpx.AsyncClient, email: str, sent: asyncio.Event) -> httpx.Response:
    async def told(name: str, _info: object) -> None:
        if name == "http11.receive_response_headers.started":
            sent.set()  # all of it is on its way

    form = {"email": email, "password": PASSWORD}
    return await http.post("/t/acme/login", data=form, extensions={"trace": told})
