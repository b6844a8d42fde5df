"""The floor of pushed messages: a bare python-socketio server that only emits."""

import asyncio
import sys
import time
from typing import Any

import socketio

from benchmarks.processes import serve_commands
from benchmarks.serving import serving

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


async def connect(sid: str, _environ: dict[str, Any]) -> None:
    await sio.enter_room(sid, "all")


sio.on("connect", connect)


class Floor:
    """The commands; each returns the moment at which it began to emit."""

    async def emit_each(self, data: Any) -> float:
        """Emit to each socket by itself, as a cut does."""
        started = time.perf_counter()
        sids = list(sio.manager.get_participants("/", "all"))
        await asyncio.gather(*(sio.emit("notice", data, to=sid) for sid, _ in sids))
        return started

    async def emit_room(self, data: Any) -> float:
        """Emit to the room of all, as a fan-out does."""
        started = time.perf_counter()
        await sio.emit("notice", data, room="all")
        return started

    async def cpu(self) -> float:
        """Seconds of processor time so far."""
        return time.process_time()


async def main(port: int) -> None:
    async with serving(socketio.ASGIApp(sio), port):
        await serve_commands(Floor())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
