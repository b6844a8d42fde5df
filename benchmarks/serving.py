"""Serves an application as `main.py serve` does, for as long as a block runs."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ui.listener import listen, web_server


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[None]:
    """Serve on 127.0.0.1 until the block ends."""
    server = web_server(app)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    task = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", port)]))
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.stop()
        await task
