"""Rollcall, its floors and the load on each, as processes of their own for as long as a benchmark
runs."""

import os
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from benchmarks.processes import Child

# Pages share a session as tabs share a browser.
TABS = 20
# How many people many pages are of, at least.
PEOPLE = 50
# Nobody has more pages: what is measured as one person's ends there.
MOST_OF_ONE = 100
# How many connections a browser has to one server.
CONNECTIONS = 6


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Scene:
    """The processes of one benchmark; all of them end with it."""

    def __init__(self, stack: AsyncExitStack, folder: str, settings: Mapping[str, str]) -> None:
        self._stack = stack
        self._folder = folder
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")}
        self._env |= settings

    @property
    def data(self) -> str:
        """The folder that `rollcall` serves from, if it is told no other."""
        return f"{self._folder}/data"

    async def start(self, module: str, *arguments: str) -> Child:
        """Start a process that ends with the scene."""
        child = await Child.start(module, *arguments, env=self._env)
        self._stack.push_async_callback(child.stop)
        return child

    async def load(self) -> Child:
        """Start a load client."""
        return await self.start("benchmarks.load")

    async def server(self, module: str, *arguments: str, port: int | None = None) -> "Server":
        """Start a server on a free port."""
        port = port or free_port()
        child = await self.start(module, str(port), *arguments)
        return Server(child, port)

    async def rollcall(self, port: int | None = None, data: str = "data") -> "Server":
        """Start Rollcall on a folder of data: one that starts after another has stopped may serve
        the same, and one beside another needs its own."""
        return await self.server("benchmarks.subject", f"{self._folder}/{data}", port=port)


class Server:
    """A server process, and where it listens."""

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ask = child.ask
        self.stop = child.stop

    async def cookies(self, user_id: str, pages: int) -> list[str]:
        """A session's token for each of so many pages of a user."""
        tokens: list[str] = await self.ask("sessions", user_id=user_id, count=-(-pages // TABS))
        return (tokens * TABS)[:pages]

    async def cookies_of_many(self, slug: str, pages: int) -> list[str]:
        """A token for each of so many pages of Tenant Admins. They are `PEOPLE` or more, and each
        has as many pages as the others, `TABS` at most."""
        people = min(pages, max(PEOPLE, -(-pages // TABS)))
        users = await self.ask("people", slug=slug, role="tenant_admin", count=people)
        tokens = [token for user in users for token in await self.cookies(user, 1)]
        return (tokens * TABS)[:pages]


@asynccontextmanager
async def scene(**settings: str) -> AsyncIterator[Scene]:
    """A folder for Rollcall's data, and processes that end with the block. `settings` are names and
    values of environment variables."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        async with AsyncExitStack() as stack:
            yield Scene(stack, folder, settings)


async def open_pages(load: Child, url: str, path: str, cookies: list[str], event: str = "") -> Any:
    """Have a load client open a page for each cookie and listen for an event; tells how long it
    took, in seconds."""
    return await load.ask("pages", url=url, path=path, cookies=cookies, event=event)
