"""Signing out while the database is away: what the browser forgets, and what it is told."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from services.database.engines import Database
from services.database.runtime import Runtime
from tests import factories
from tests.conftest import ONE_DATABASE, PUBLIC_URL
from ui import public

OWN, OTHERS = "__Host-rollcall-8443", "__Host-rollcall"


@pytest.fixture
async def http(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts, at a Rollcall at another port than the usual one, whose database
    is away."""
    address = f"{PUBLIC_URL}:8443"
    app = FastAPI()
    public.register(app)
    transport = httpx.ASGITransport(app, client=(factories.IP, 1))
    away = Database("postgresql://nobody@127.0.0.1:9/away")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(rollcall.settings, "public_url", address)
        meanwhile.setattr(rollcall.database, "reader", away.reader)
        async with httpx.AsyncClient(transport=transport, base_url=address) as client:
            yield client


@ONE_DATABASE
async def test_the_browser_forgets_what_is_surely_of_this_rollcall_alone(
    http: httpx.AsyncClient,
) -> None:
    cookies = f"{OWN}=a-token; {OTHERS}=another"
    answer = await http.post("/t/acme/logout", headers={"Cookie": cookies})
    assert answer.status_code == 503
    assert "This browser has forgotten your session" in answer.text
    (line,) = answer.headers.get_list("set-cookie")
    assert line.startswith(f'{OWN}="";')


@ONE_DATABASE
async def test_what_may_be_another_rollcall_s_session_is_kept_and_not_told_as_forgotten(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/t/acme/logout", headers={"Cookie": f"{OTHERS}=another"})
    assert answer.status_code == 503
    assert "forgotten your session" not in answer.text
    assert not answer.headers.get_list("set-cookie")
