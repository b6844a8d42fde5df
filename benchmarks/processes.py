"""Child processes that take one JSON command a line, and answer with one JSON line."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

# Seconds that a command may take before the run is given up.
PATIENCE = 300
# A line holds thousands of arrival times.
LONGEST_LINE = 64 * 1024 * 1024


class Child:
    """A process of its own, so that measuring doesn't slow down what is measured."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str, env: Mapping[str, str]) -> "Child":
        """Start `python -m module`, and wait for its first line."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=dict(env),
            limit=LONGEST_LINE,
        )
        child = cls(process)
        await child.answer()
        return child

    async def ask(self, command: str, /, **values: Any) -> Any:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **values}).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.answer()

    async def answer(self) -> Any:
        """Wait for one answer."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        if not line:
            raise RuntimeError("A process of the benchmark ended early; its error stands above.")
        return json.loads(line)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def stop(self) -> None:
        """End the process."""
        if self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()  # the end of the commands
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()


def reply(value: Any) -> None:
    """Answer from within a child."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def serve_commands(target: object) -> None:
    """Say that the child is ready, then have each command call the method of its name, until there
    are no more."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    reply("ready")
    while line := await reader.readline():
        command: dict[str, Any] = json.loads(line)
        reply(await getattr(target, command.pop("do"))(**command))
