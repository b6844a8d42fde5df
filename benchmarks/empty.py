"""The floor of a page: NiceGUI with a page that says one word."""

import asyncio
import sys

from fastapi import FastAPI
from nicegui import ui

from benchmarks.processes import serve_commands
from benchmarks.serving import serving
from benchmarks.vitals import vitals
from ui.live import quiet_gc


def page() -> None:
    """Say it, where a browser can see that the page is there."""
    ui.label("There").classes("there")


class Empty:
    """The commands."""

    async def vitals(self) -> dict[str, float]:
        """What the process holds."""
        return vitals()


async def main(port: int) -> None:
    app = FastAPI()
    ui.page("/")(page)
    ui.run_with(
        app,
        tailwind=False,
        reconnect_timeout=30,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
    async with serving(app, port):
        quiet_gc()
        await serve_commands(Empty())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
