"""Calls a handler when a notice says that what the page shows has changed."""

from collections.abc import Awaitable, Callable

from ui.components.component import Component


class Refresher(Component, script="refresher.js", imports=["live_socket.js"]):
    """Listens for one socket event; `on_stale` runs soon after it, once for many in a row."""

    def __init__(self, event: str, on_stale: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._props["event"] = event
        self.on("stale", on_stale, args=[])
