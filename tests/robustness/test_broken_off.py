"""An export that breaks off can be told from a whole one."""

import asyncio
import gzip
import secrets

import httpx
import pytest

from models import AuditEvent, Role, Tenant
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.sessions import sessions
from tests import factories
from tests.browser.server import Server, cookie_name
from tests.robustness.raw import Line, line, request

ENTRIES = 6_000  # six pieces, of more bytes than the buffers on the way take


@pytest.fixture
async def tenant(scene: Runtime) -> Tenant:
    tenant = await factories.create_tenant("Acme")
    async with transaction() as tx:
        tx.add_all(
            AuditEvent(
                chain_id=tenant.id,
                number=-number,  # before the head: later entries are no part of an export
                at=clock.now(),
                actor_name="",
                action="",
                subject_name=secrets.token_hex(500),
                ip="",
                details={},
                previous_hash="",
                hash="",
            )
            for number in range(ENTRIES)
        )
    return tenant


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_an_export_whose_session_ends_meanwhile_breaks_off(
    server: Server, tenant: Tenant, coding: str
) -> None:
    admin = await factories.create_user(tenant, role=Role.TENANT_ADMIN)
    actor, token = await factories.open_session(admin)
    head = request(
        server.url,
        "GET /t/acme/audit.csv HTTP/1.1",
        f"Cookie: {cookie_name(server.url)}={token}",
        f"Accept-Encoding: {coding}",
    )
    async with line(server.url) as connection:
        await connection.send(head)
        assert b" 200 " in await connection.heads()
        await _until_it_waits_for_us(connection)
        await sessions.sign_out(actor)
        body = await connection.until_closed()
    assert not body.endswith(b"0\r\n\r\n"), "it says that it is whole"
    if coding == "gzip":
        with pytest.raises(EOFError):
            gzip.decompress(_unchunked(body))
    log = server.log()
    assert "Traceback" not in log
    assert "audit.csv broke off" in log
    assert " ERROR " not in log


async def test_one_that_is_let_be_is_whole(server: Server, tenant: Tenant) -> None:
    admin = await factories.create_user(tenant, role=Role.TENANT_ADMIN)
    _, token = await factories.open_session(admin)
    cookies = {cookie_name(server.url): token}
    async with httpx.AsyncClient(base_url=server.url, cookies=cookies, timeout=60) as http:
        answer = await http.get("/t/acme/audit.csv")
    assert answer.status_code == 200
    assert answer.text.count("\n") > ENTRIES


async def _until_it_waits_for_us(connection: Line) -> None:
    """Nothing is read meanwhile, so the server's and the system's buffers fill up."""
    await asyncio.sleep(0)
    connection.reader._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's own
    await asyncio.sleep(0.3)
    connection.reader._transport.resume_reading()  # type: ignore[attr-defined]  # as above


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole
