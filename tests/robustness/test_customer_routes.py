"""Every address of the routing table, as somebody at a customer's: what is shared of their own POC
answers, and nothing else does."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
import socketio
import websockets
from sqlmodel import col, update

from models import CustomerPerson, Resource, Role, Tenant, User
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from tests.browser.server import Server, cookie_name
from tests.factories import create_tenant, create_user, open_customer_session, open_session
from tests.robustness.routing import addresses, filled
from tests.robustness.test_routes import FILES, OUTSIDE, PAGES, PUBLIC, UPLOADS
from tests.services.bulk_calls import bulk_act_of
from tests.services.import_calls import import_in
from tests.services.review_calls import create_former, review_in
from tests.services.workspace.rows import Rows, create_rows
from tests.ui.live.client import Page, Person

ENTRANCE = "/t/{slug}/customer"


@dataclass(frozen=True)
class Scene:
    """An organisation with two POCs, and another one with one; each with a shared file."""

    tenant: Tenant
    admin: User
    own: Rows
    second: Rows
    elsewhere: Rows
    token: str


async def _shared_rows(tenant: Tenant, owner: User) -> Rows:
    rows = await create_rows(tenant.id, owner.id)
    async with transaction() as tx:
        await tx.exec(update(Resource).where(col(Resource.poc_id) == rows.poc).values(shared=True))
    return rows


@pytest.fixture
async def rows(scene: Runtime) -> Scene:
    acme, other = await create_tenant("Acme"), await create_tenant("Other")
    owner = await create_user(acme)
    own = await _shared_rows(acme, owner)
    async with reading() as tx:
        person = await tx.get_one(CustomerPerson, own.customer)
    return Scene(
        acme,
        await create_user(acme, role=Role.TENANT_ADMIN),
        own,
        await _shared_rows(acme, owner),
        await _shared_rows(other, await create_user(other)),
        (await open_customer_session(person))[1],
    )


@asynccontextmanager
async def _browser(server: Server, cookies: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    named = {cookie_name(server.url, name): value for name, value in cookies.items()}
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, cookies=named, timeout=60
    ) as http:
        yield http


def _forged(token: str) -> dict[str, str]:
    """The customer's cookie, and the same token as if it were a user's or a screen's."""
    return dict.fromkeys(("rollcall-customer", "rollcall", "rollcall-screen"), token)


def _paths(method: str) -> list[str]:
    found = [a.path for a in addresses() if a.method == method and not FILES.fullmatch(a.path)]
    return [path for path in found if not path.endswith("/logout")]


async def test_of_all_addresses_those_of_their_own_poc_alone_answer_a_customer(
    server: Server, rows: Scene
) -> None:
    ids = {
        **_ids(rows.own),
        "import_id": str(await import_in(rows.admin)),
        "bulk_id": str(await bulk_act_of(rows.admin)),
        "review_id": str(await review_in(rows.tenant.id)),
    }
    former = await create_former(rows.tenant.id)
    wrong: list[tuple[object, ...]] = []
    opened = set()
    async with _browser(server, _forged(rows.token)) as http, _browser(server, {}) as stranger:
        for method in ("GET", "POST"):
            for path in _paths(method):
                user = former if path.endswith("/leaving") else rows.admin.id
                url = filled(path, user_id=str(user), **ids)
                answer = await http.request(method, url)
                if path in OUTSIDE or path == ENTRANCE:
                    opened.add((path, answer.status_code))
                elif path in PAGES and method == "GET":
                    if answer.status_code != 303 or "/login" not in answer.headers["location"]:
                        wrong.append((path, answer.status_code))
                elif path in UPLOADS:
                    if answer.status_code not in {401, 405}:
                        wrong.append((path, answer.status_code))
                elif path in PUBLIC and method == "GET":
                    theirs = await stranger.request(method, url)
                    if theirs.status_code != answer.status_code:
                        wrong.append((path, answer.status_code, theirs.status_code))
    assert wrong == []
    assert {(path, 200) for path in OUTSIDE} <= opened
    assert len(PAGES) > 30


async def test_another_poc_answers_a_customer_as_if_it_did_not_exist(
    server: Server, rows: Scene
) -> None:
    async with _browser(server, _forged(rows.token)) as http:
        for theirs in (rows.second, rows.elsewhere):
            for path in OUTSIDE:
                for slug in ("acme", "other"):
                    answers = [
                        await http.get(filled(path, slug=slug, **ids))
                        for ids in (_ids(theirs), _ids(Rows()))
                    ]
                    assert {answer.status_code for answer in answers} == {404}, path
                    assert not re.search(r"\bTrial\b", answers[0].text)
                    assert not re.search(r"\bSaid\b", answers[0].text)
            for path in _pages_of_pocs():
                assert (await http.get(filled(path, **_ids(theirs)))).status_code == 303, path


def _ids(of: Rows) -> dict[str, str]:
    return {
        "poc_id": str(of.poc),
        "group_id": str(of.group_template),
        "resource_id": str(of.file),
    }


def _pages_of_pocs() -> list[str]:
    return [path for path in PAGES if any(f"{{{name}}}" in path for name in _ids(Rows()))]


async def test_a_shared_file_is_saved_and_neither_shown_nor_kept(
    server: Server, rows: Scene
) -> None:
    async with _browser(server, {"rollcall-customer": rows.token}) as http:
        url = f"/t/acme/customer/files/{rows.own.file}"
        answer = await http.get(url)
        assert (answer.status_code, answer.content) == (200, b"Said")
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        await _share(rows.own.file, shared=False)
        assert (await http.get(url)).status_code == 404


async def _share(resource_id: UUID, *, shared: bool) -> None:
    async with transaction() as tx:
        (await tx.get_one(Resource, resource_id)).shared = shared


async def test_no_socket_but_their_own_pages_hears_a_customer(server: Server, rows: Scene) -> None:
    _, token = await open_session(rows.admin)
    async with _browser(server, {"rollcall": token}) as http:
        html = (await http.get(f"/t/acme/pocs/{rows.own.poc}")).text
    page = Page(Person(server.url), html)
    cookies = "; ".join(
        f"{cookie_name(server.url, name)}={value}" for name, value in _forged(rows.token).items()
    )
    with pytest.raises(socketio.exceptions.ConnectionError):
        await page.connect({"Cookie": cookies, "Origin": server.url})
    await page.connect({"Cookie": f"{cookie_name(server.url)}={token}", "Origin": server.url})
    await page.sio.disconnect()
    url = f"{server.url.replace('http', 'ws')}/wall/socket?tab={'0' * 16}"
    async with websockets.connect(
        url, origin=websockets.Origin(server.url), additional_headers={"Cookie": cookies}
    ) as wall:
        assert "pair" in str(await wall.recv())  # a stranger: it may show a code, and no POC
