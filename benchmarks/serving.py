"""Serves as `main.py serve` does, for as long as a block runs."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from services.core.logs import set_up_logging
from services.core.settings import Settings
from ui.listener import WebServer, listen, web_server
from ui.server import prepare


@asynccontextmanager
async def serving_rollcall(settings: Settings) -> AsyncIterator[None]:
    """Serve the Rollcall that was started until the block ends. It logs as `main.py` does, and only
    errors are shown: refused sign-ins, say, are what some benchmarks ask for."""
    set_up_logging(settings.log_format)
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.ERROR)
    served = prepare(settings)
    async with _running(served.server, served.listener):
        yield


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[None]:
    """Serve another application on 127.0.0.1 until the block ends."""
    async with _running(web_server(app), listen("127.0.0.1", port)):
        yield


@asynccontextmanager
async def _running(server: WebServer, listener: socket.socket) -> AsyncIterator[None]:
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.stop()
        await task
