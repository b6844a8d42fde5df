"""Two Rollcalls on one host, told apart by their ports: a browser sends both all its cookies."""

from pathlib import Path

import httpx
import pytest

from models import Role
from services.core.errors import SessionEndedError
from services.core.settings import Settings
from services.database.startup import started
from services.sessions import sessions
from tests import factories
from tests.browser.server import Server, cookie_name, serving
from tests.factories import CALLER, PASSWORD


async def _with_ada(folder: Path) -> str:
    """Somebody who can sign in; returns the token of a session of theirs."""
    async with started(Settings(_env_file=None, data_dir=folder)):
        tenant = await factories.create_tenant("Acme", "acme")
        ada = await factories.create_user(tenant, email="ada@example.com", role=Role.TENANT_ADMIN)
        _, token = await factories.open_session(ada)
    return token


async def _sign_in(http: httpx.AsyncClient, server: Server) -> None:
    form = {"email": "ada@example.com", "password": PASSWORD}
    url = f"{server.url}/t/acme/login"
    assert (await http.post(url, data=form, headers={"Origin": server.url})).status_code == 303


async def _is_in(http: httpx.AsyncClient, server: Server) -> bool:
    return (await http.get(f"{server.url}/t/acme/account")).status_code == 200


async def test_one_browser_is_signed_in_to_both_and_out_of_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        await _with_ada(tmp_path / name)
    async with (
        serving(tmp_path / "one") as one,
        serving(tmp_path / "two") as two,
        httpx.AsyncClient(timeout=60) as http,
    ):
        await _sign_in(http, one)
        await _sign_in(http, two)
        assert [await _is_in(http, server) for server in (one, two)] == [True, True]
        await http.post(f"{one.url}/t/acme/logout", headers={"Origin": one.url})
        assert [await _is_in(http, server) for server in (one, two)] == [False, True]


async def test_a_session_from_before_the_names_had_ports_goes_on_and_can_be_ended(
    tmp_path: Path,
) -> None:
    token = await _with_ada(tmp_path / "data")
    async with (
        serving(tmp_path / "data") as server,
        httpx.AsyncClient(timeout=60, headers={"Origin": server.url}) as http,
    ):
        http.cookies.set("rollcall", token, domain="127.0.0.1")
        assert await _is_in(http, server)
        await http.post(f"{server.url}/t/acme/logout")
        assert not http.cookies
        assert not await _is_in(http, server)
    async with started(Settings(_env_file=None, data_dir=tmp_path / "data")):
        with pytest.raises(SessionEndedError):
            await sessions.recognise(token, "acme", CALLER)
    assert cookie_name(server.url) != "rollcall"
