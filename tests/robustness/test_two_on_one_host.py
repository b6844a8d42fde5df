"""Two Rollcalls on one host, told apart by their ports: a browser sends both all its cookies."""

from http.cookies import SimpleCookie
from pathlib import Path
from typing import NamedTuple

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
from tests.ports import free_port


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


class _Site(NamedTuple):
    """A Rollcall: where it listens, and where it says that it is."""

    url: str
    address: str


class _Browser:
    """A browser at several Rollcalls on one host: its cookies go to each of them."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.cookies: dict[str, str] = {}
        self._http = http

    async def ask(self, site: _Site, method: str, path: str, **form: str) -> int:
        """The status of the answer; its cookies are kept."""
        headers = {
            "Origin": site.address,
            "Host": site.address.partition("://")[2],
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        self._http.cookies.clear()
        answer = await self._http.request(method, site.url + path, data=form, headers=headers)
        for line in answer.headers.get_list("set-cookie"):
            for name, cookie in SimpleCookie(line).items():
                self.cookies[name] = cookie.value
                if cookie["max-age"] == "0":
                    del self.cookies[name]
        return answer.status_code

    async def sign_in(self, site: _Site) -> None:
        form = {"email": "ada@example.com", "password": PASSWORD}
        assert await self.ask(site, "POST", "/t/acme/login", **form) == 303

    async def is_in(self, *sites: _Site) -> list[bool]:
        return [await self.ask(site, "GET", "/t/acme/account") == 200 for site in sites]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_signing_out_leaves_the_session_at_the_usual_port_alone(
    tmp_path: Path, scheme: str
) -> None:
    for name in ("usual", "odd"):
        await _with_ada(tmp_path / name)
    addresses = [f"{scheme}://127.0.0.1", f"{scheme}://127.0.0.1:{free_port()}"]
    at_usual, at_odd = ({"ROLLCALL_PUBLIC_URL": address} for address in addresses)
    async with (
        serving(tmp_path / "usual", settings=at_usual) as one,
        serving(tmp_path / "odd", settings=at_odd) as two,
        httpx.AsyncClient(timeout=60) as http,
    ):
        usual, odd = _Site(one.url, addresses[0]), _Site(two.url, addresses[1])
        browser = _Browser(http)
        await browser.sign_in(usual)
        await browser.sign_in(odd)
        assert await browser.is_in(usual, odd) == [True, True]
        await browser.ask(odd, "POST", "/t/acme/logout")
        assert await browser.is_in(usual, odd) == [True, False]
        await browser.ask(odd, "POST", "/t/acme/logout")  # an old page has the button still
        assert await browser.is_in(usual, odd) == [True, False]
        await browser.sign_in(odd)
        await browser.ask(usual, "POST", "/t/acme/logout")
        assert await browser.is_in(usual, odd) == [False, True]


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
