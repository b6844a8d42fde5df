"""What operators, their monitors and auditors are answered by a server that runs."""

from pathlib import Path

import httpx
import pytest

from services.access.actor import COMMAND_LINE
from services.audit import reading
from services.audit.export_check import check_export
from services.lists.query import ListQuery
from tests.factories import create_tenant


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
