"""The floor: a bare python-socketio server that does nothing but emit."""

import asyncio
import json
import sys
import time
from typing import Any

import socketio
import uvicorn

from benchmarks.processes import commands, reply

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


async def connect(sid: str, _environ: dict[str, Any]) -> None:
    await sio.enter_room(sid, "all")


sio.on("connect", connect)


async def main(port: int) -> None:
    server = uvicorn.Server(
        uvicorn.Config(socketio.ASGIApp(sio), host="127.0.0.1", port=port, log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
        await asyncio.sleep(0.01)
    reply("ready")
    lines = await commands()
    while line := await lines.readline():
        command = json.loads(line)
        started = time.perf_counter()
        if command["do"] == "emit_each":
            sids = list(sio.manager.get_participants("/", "all"))
            await asyncio.gather(*(sio.emit("notice", command["data"], to=sid) for sid, _ in sids))
        else:
            await sio.emit("notice", command["data"], room="all")
        reply(started)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
