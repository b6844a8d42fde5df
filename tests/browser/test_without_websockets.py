"""A proxy that lets no websocket pass: the page says so, and what to do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import expect

from tests.browser.browsers import Browsers, fill
from tests.browser.looks import look
from tests.browser.server import serving
from tests.factories import PASSWORD
from tests.ports import free_port

# A page asks every tenth of a second, and not every three seconds, whether the server answers.
SOON = """{
  const { setInterval } = window;
  window.setInterval = (act, every) => setInterval(act, every === 3000 ? 100 : every);
}"""


@asynccontextmanager
async def proxy_without_upgrades(port: int, to: int, swallows: asyncio.Event) -> AsyncIterator[str]:
    """A proxy as many are set up: it passes on all but the `Upgrade` header; or it never answers
    what has one."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if swallows.is_set() and re.search(rb"(?i)\r\nupgrade:", head):
                await reader.read()
            head = re.sub(rb"(?i)\r\n(upgrade|connection):[^\r]*", b"", head)
            head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            there, back = await asyncio.open_connection("127.0.0.1", to)
            back.write(head)
            passing = asyncio.create_task(_pass(reader, back))
            await _pass(there, writer)
            passing.cancel()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    async with server:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def proxy_to_a_slow_server(port: int, to: int) -> AsyncIterator[str]:
    """A proxy that lets upgrades pass, and behind it a server that says nothing after them."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            is_upgrade = re.search(rb"(?i)\r\nupgrade:", head)
            if not is_upgrade:
                head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"\r\nConnection: close", head)
            there, back = await asyncio.open_connection("127.0.0.1", to)
            back.write(head)
            passing = asyncio.create_task(_pass(reader, back))
            if is_upgrade:
                writer.write(await there.readuntil(b"\r\n\r\n"))
                await passing
            else:
                await _pass(there, writer)
                passing.cancel()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    async with server:
        yield f"http://127.0.0.1:{port}"


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


async def test_a_page_behind_it_says_what_the_proxy_lacks(
    browsers: Browsers, tmp_path: Path
) -> None:
    browsers.allow("WebSocket connection to")
    browsers.allow("400 (Bad Request)")
    port, behind, swallows = free_port(), free_port(), asyncio.Event()
    settings = {"ROLLCALL_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with (
        proxy_without_upgrades(port, behind, swallows) as url,
        serving(tmp_path / "data", port=behind, settings=settings) as server,
    ):
        found = re.search(rf"{re.escape(url)}/setup/\S+", server.log())
        assert found
        page = await browsers.stranger(url)
        await page.goto(found[0])
        await fill(page, organisation="Acme", first_name="Robin", last_name="Platform")
        await fill(page, email="robin@example.com", password=PASSWORD)
        await page.get_by_role("button", name="Set up").click()
        notice = page.locator("#popup")
        await expect(notice).to_contain_text("can’t open a live connection")
        await expect(notice).to_contain_text("WebSocket upgrades")
        await expect(notice).to_be_visible()
        await expect(notice).to_contain_text("Nothing that you do here reaches Rollcall")
        await expect(notice).not_to_contain_text("only busy")  # who refuses at once isn't
        await look(page, "no-websockets")
        swallows.set()
        await page.reload()
        await expect(notice).to_contain_text("can’t open a live connection")
        await expect(notice).to_contain_text("If the server is only busy, this page goes on")
        await expect(notice).to_contain_text("let the proxy pass WebSocket upgrades")
        await page.close()  # it goes on asking as long as it is open, the proxy no longer


async def test_a_server_that_says_nothing_on_an_open_socket_is_blamed_on_no_proxy_at_first(
    browsers: Browsers, tmp_path: Path
) -> None:
    browsers.allow("WebSocket connection to")
    port, behind = free_port(), free_port()
    settings = {"ROLLCALL_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with (
        proxy_to_a_slow_server(port, behind) as url,
        serving(tmp_path / "data", port=behind, settings=settings) as server,
    ):
        found = re.search(rf"{re.escape(url)}/setup/\S+", server.log())
        assert found
        page = await browsers.stranger(url)
        await page.goto(found[0])
        await fill(page, organisation="Acme", first_name="Robin", last_name="Platform")
        await fill(page, email="robin@example.com", password=PASSWORD)
        await page.get_by_role("button", name="Set up").click()
        for _ in range(4):  # plain requests that are answered meanwhile
            await page.wait_for_event("response", lambda answer: answer.url.endswith("/healthz"))
        await expect(page.locator("#popup")).to_contain_text("Connection lost")
        # A proxy that holds what follows the upgrade looks the same, and never ends.
        await page.add_init_script(SOON)
        await page.reload()
        await expect(page.locator("#popup")).to_contain_text("If the server is only busy")
        await page.close()
