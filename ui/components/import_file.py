"""Choosing a file of people, and seeing what would become of each row, before anything is sent."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui.events import GenericEventArguments

from ui.components.component import Component

LIVE_EVENT = "rollcall_import"


class ImportFile(
    Component,
    script="import_file.js",
    imports=["live_socket.js", "import_file_view.js", "icons.js"],
):
    """Sends a file from the browser, and shows how it was read.

    The browser sends the file's bytes in pieces as `on_piece` (the file's name, the bytes, whether
    they are the last), and expects `more` for the next piece; then `show` or `refused`. What the
    person chooses comes by `on_choose`: a dictionary of `encoding`, `field` and `column`, or `fate`
    and `page`. `on_start` and `on_rest` (download the rows that aren't invited) are buttons; `go`
    ends it. `imports` are the latest ones of the organisation, kept true by socket events.
    """

    SENT_ONCE = ("imports",)

    def __init__(
        self,
        *,
        imports: Sequence[Mapping[str, Any]],
        imports_url: str,
        max_bytes: int,
        on_piece: Callable[[str, bytes, bool], Awaitable[None]],
        on_choose: Callable[[dict[str, Any]], Awaitable[None]],
        on_start: Callable[[], Awaitable[None]],
        on_rest: Callable[[], None],
    ) -> None:
        super().__init__()
        self._props["imports"] = tuple(imports)
        self._props["imports_url"] = imports_url
        self._props["max_bytes"] = max_bytes
        self._props["live_event"] = LIVE_EVENT
        self._on_piece = on_piece
        self._on_choose = on_choose
        self.on("piece", self._piece)
        self.on("choose", self._choose)
        self.on("start", on_start, args=[])
        self.on("rest", on_rest, args=[])

    def more(self) -> None:
        """Have the next piece sent."""
        self.run_method("more")

    def refused(self, why: str) -> None:
        """Say why the file can't be read."""
        self.run_method("refused", why)

    def show(self, preview: Mapping[str, Any]) -> None:
        """Show how the file was read, and what would become of its rows."""
        self.run_method("show", dict(preview))

    def save(self, name: str, text: str) -> None:
        """Have the browser save a text as a file."""
        self.run_method("save", name, text)

    def go(self, url: str) -> None:
        """Leave for another page."""
        self.run_method("go", url)

    async def _piece(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        name, data, last = sent.get("name"), sent.get("data"), sent.get("last")
        if not (isinstance(name, str) and isinstance(data, str) and isinstance(last, bool)):
            return
        try:
            piece = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return  # no browser of ours sends this
        await self._on_piece(name, piece, last)

    async def _choose(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, dict):
            await self._on_choose(event.args)
