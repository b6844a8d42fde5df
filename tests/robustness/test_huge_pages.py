"""A password is hashed in huge pages, where the kernel gives them to those who ask."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.browser.server import Server, serving
from tests.robustness.conftest import copy_into

ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
HASH_KB = 64 * 1024


def _has_huge_hash(server: Server) -> bool:
    """Whether this process has a block for a hash that was asked for in huge pages ("hg",
    proc_pid_smaps(5))."""
    size = 0
    for line in Path(f"/proc/{server.process.pid}/smaps").read_text().splitlines():
        name, *values = line.split()
        if name == "Size:":
            size = int(values[0])
        elif name == "VmFlags:" and size >= HASH_KB and "hg" in values:
            return True
    return False


@pytest.mark.skipif(
    not ENABLED.exists() or "[madvise]" not in ENABLED.read_text(),
    reason="the kernel gives huge pages to all, or to none",
)
async def test_a_hash_asks_for_huge_pages(tmp_path: Path, sqlite_template: Path) -> None:
    copy_into(tmp_path / "data", sqlite_template)
    async with (
        serving(tmp_path / "data", forked=False) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60) as http,
    ):
        found = False
        for turn in range(5):  # a hash is short: it may have ended between two looks
            values = {"email": f"nobody{turn}@example.com", "password": "a sentence of mine"}
            headers = {"Origin": server.url}
            hashing = asyncio.create_task(
                http.post("/platform/login", data=values, headers=headers)
            )
            while not (found or hashing.done()):
                found = await asyncio.to_thread(_has_huge_hash, server)
            assert (await hashing).status_code == 400  # a wrong password
        assert found
