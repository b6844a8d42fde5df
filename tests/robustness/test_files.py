"""Files over HTTP: what comes back can do no harm, and what breaks off leaves nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, func, select

from models import FileChunk, GroupTemplate, Resource, ResourceKind, Role, Tenant
from services.access.actor import Actor
from services.core.settings import MB
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.sessions import sessions
from services.workspace.arrivals import MOST_OF_A_USER
from tests.browser.server import Server, cookie_name
from tests.browser.waiting import PATIENCE
from tests.factories import create_tenant, create_user, open_session
from tests.robustness.raw import Line, line, request
from tests.services.workspace.rows import create_rows
from ui.headers import BODY_LIMIT
from ui.pages.workspace.poc_files import NAME_HEADER

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@dataclass(frozen=True)
class Ada:
    """A Sales Engineer's browser, at her POC."""

    actor: Actor
    cookie: str
    http: httpx.AsyncClient
    poc_id: UUID
    url: str

    async def post(self, content: bytes, name: str = "a.bin") -> httpx.Response:
        """Upload a file."""
        headers = {NAME_HEADER: quote(name, safe="")}
        return await self.http.post(self.url, content=content, headers=headers)


@pytest.fixture
async def ada(server: Server, scene: Runtime) -> AsyncIterator[Ada]:
    tenant = await create_tenant("Acme")
    user = await create_user(tenant, role=Role.SALES_ENGINEER)
    rows = await create_rows(tenant.id, user.id)
    actor, token = await open_session(user)
    name = cookie_name(server.url)
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, cookies={name: token}, timeout=PATIENCE
    ) as http:
        yield Ada(actor, f"{name}={token}", http, rows.poc, f"/t/acme/pocs/{rows.poc}/files")


async def _kept() -> list[tuple[UUID, str, int]]:
    """The files that were uploaded: id, title and how many chunks."""
    async with reading() as tx:
        found = await tx.exec(
            select(Resource.id, Resource.title, func.count(col(FileChunk.number)))
            .join(FileChunk, col(FileChunk.resource_id) == Resource.id, isouter=True)
            .where(Resource.kind == ResourceKind.FILE, Resource.title != "a.txt")
            .group_by(col(Resource.id), col(Resource.title))
        )
        return list(found.all())


async def test_what_a_browser_might_run_comes_back_as_a_text_to_be_saved(ada: Ada) -> None:
    assert (await ada.post(SVG, '../"Grüße".svg')).status_code == 201
    ((resource_id, title, _),) = await _kept()
    assert title == '"Grüße".svg'
    answer = await ada.http.get(f"/t/acme/files/{resource_id}")
    assert (answer.content, answer.status_code) == (SVG, 200)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%22Gr%C3%BC%C3%9Fe%22.svg"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for begin in range(0, size, MB):
        yield b"x" * min(MB, size - begin)


async def test_twenty_megabytes_are_taken_and_one_byte_more_is_not(
    ada: Ada, server: Server
) -> None:
    assert (await ada.post(b"x" * 20 * MB)).status_code == 201
    more = await ada.post(b"x" * (20 * MB + 1))
    assert (more.status_code, more.text) == (422, "a.bin is larger than 20 MB.")
    assert (await ada.post(b"x" * (20 * MB + BODY_LIMIT + 1))).status_code == 413
    assert (await ada.http.post("/t/acme/logout", content=b"x" * 2**17)).status_code == 413
    unannounced = await ada.http.post(ada.url, content=_pieces(20 * MB + BODY_LIMIT + 1))
    # By the file's limit or by the body's, whichever its bytes exceed first as they arrive.
    assert unannounced.status_code in {413, 422}
    assert "Traceback" not in server.log()
    assert [chunks for *_, chunks in await _kept()] == [80]


def _head(ada: Ada, size: int) -> bytes:
    return request(
        str(ada.http.base_url).rstrip("/"),
        f"POST {ada.url} HTTP/1.1",
        f"Cookie: {ada.cookie}",
        f"Content-Length: {size}",
    )


async def _half(ada: Ada, connection: Line) -> None:
    await connection.send(_head(ada, 2 * MB) + b"x" * MB)


async def test_a_connection_that_is_cut_leaves_nothing_and_takes_no_place(
    ada: Ada, server: Server
) -> None:
    for _ in range(MOST_OF_A_USER + 1):
        async with line(server.url) as connection:
            await _half(ada, connection)
            connection.hang_up()
    async with asyncio.timeout(PATIENCE):
        while (await ada.post(b"whole")).status_code != 201:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)  # the server hears of it in its own time
    assert [chunks for *_, chunks in await _kept()] == [1]
    assert "Traceback" not in server.log()
    assert "/files 500 " not in server.log()


async def test_a_session_that_is_cut_meanwhile_uploads_nothing(ada: Ada, server: Server) -> None:
    async with line(server.url) as connection:
        await _half(ada, connection)
        await sessions.sign_out(ada.actor)
        await connection.send(b"x" * MB)
        assert b" 401 " in await connection.heads()
    late = await ada.post(b"x")
    assert (late.status_code, late.text) == (401, "You are signed out. Sign in again.")
    assert await _kept() == []


async def test_a_template_takes_files_of_administrators_alone(ada: Ada, server: Server) -> None:
    async with reading() as tx:
        template = (await tx.exec(select(GroupTemplate.id))).one()
        tenant = await tx.get_one(Tenant, ada.actor.tenant_id)
    url, headers = f"/t/acme/templates/{template}/files", {NAME_HEADER: "plan.txt"}
    assert (await ada.http.post(url, content=b"Plan", headers=headers)).status_code == 403
    _, token = await open_session(await create_user(tenant, role=Role.ADMINISTRATOR))
    ada.http.cookies.set(cookie_name(server.url), token)
    assert (await ada.http.post(url, content=b"x" * 2 * MB, headers=headers)).status_code == 201
    ((resource_id, *_),) = await _kept()
    assert len((await ada.http.get(f"/t/acme/files/{resource_id}")).content) == 2 * MB
