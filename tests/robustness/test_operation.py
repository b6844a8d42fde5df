"""What operators, their monitors and auditors are answered by a server that runs."""

from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from models import SsoConnection
from services.access.actor import COMMAND_LINE
from services.audit import reading
from services.audit.export_check import check_export
from services.core import clock
from services.core.settings import Settings
from services.database import vault
from services.database.startup import started
from services.database.transaction import transaction
from services.lists.query import ListQuery
from tests.browser.server import serving
from tests.factories import PASSWORD, create_tenant, create_user
from tests.robustness.conftest import copy_into

UMLAUT, AS_ASKED = "bücher.example", "xn--bcher-kva.example"


@pytest.mark.usefixtures("scene")
async def test_an_export_is_checked_with_the_key_that_the_server_gives(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    await create_tenant()
    pieces = await reading.export(COMMAND_LINE, ListQuery())
    file, key = tmp_path / "audit.csv", tmp_path / "audit-key.pem"
    file.write_text("".join([piece async for piece in pieces]), newline="", encoding="utf-8")
    given = await http.get("/audit-key.pem")
    assert given.status_code == 200
    key.write_bytes(given.content)
    assert check_export(file, key).problems == []


async def test_a_monitor_is_told_of_lost_keys(tmp_path: Path, sqlite_template: Path) -> None:
    copy_into(tmp_path / "data", sqlite_template)
    before = "from services.operations import readiness\nreadiness.KEEP_KEYS_SECONDS = 0"
    async with serving(tmp_path / "data", before=before) as server:
        settings = Settings(_env_file=None, data_dir=server.data_dir, public_url=server.url)
        async with started(settings):
            await _seal_something()
        (server.data_dir / vault.KEYS_FILE).write_text(Fernet.generate_key().decode())
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            answer = await http.get("/readyz")
    assert (answer.status_code, answer.text) == (503, vault.LOST)


async def _seal_something() -> None:
    tenant = await create_tenant()
    row = SsoConnection(
        tenant_id=tenant.id,
        name="Test",
        issuer="https://sso.example.com",
        client_id="rollcall",
        sealed_secret=vault.seal("secret"),
        created_at=clock.now(),
    )
    async with transaction() as tx:
        tx.add(row)


async def test_who_asks_for_a_name_with_an_umlaut_as_browsers_do_signs_in(
    tmp_path: Path, sqlite_template: Path
) -> None:
    copy_into(tmp_path / "data", sqlite_template)
    own = {"ROLLCALL_PUBLIC_URL": f"https://{UMLAUT}"}
    async with serving(tmp_path / "data", settings=own) as server:
        settings = Settings(_env_file=None, data_dir=server.data_dir, public_url=server.url)
        async with started(settings):
            user = await create_user(await create_tenant("Acme"))
        headers = {"Host": AS_ASKED, "Origin": f"https://{AS_ASKED}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as http:
            assert (await http.get("/t/acme/login")).status_code == 200
            typed = {"email": user.email, "password": PASSWORD}
            assert (await http.post("/t/acme/login", data=typed)).status_code == 303
