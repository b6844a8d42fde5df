"""A bulk act: its preview, its progress, and the result for each row."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui.events import GenericEventArguments

from ui.components.component import Component
from ui.input import as_text

Handler = Callable[[], Awaitable[None]]


class BulkActView(
    Component,
    script="bulk_act.js",
    imports=["live_socket.js", "table_rows.js", "avatar.js", "whose.js", "breaking.js"],
):
    """Shows one bulk act, kept true by socket events. `home` is the url of the list to whose rows
    it is done, and `bulk` that of the acts.

    If it has changed, the browser asks for all of it again by `on_look`, and expects `show`. When
    an act begins, the browser sends what somebody filled in: a reason, and whether people are told.
    The other `buttons` are stop, undo and again.
    """

    SENT_ONCE = ("preview", "results")

    def __init__(
        self,
        run: Mapping[str, Any],
        preview: Mapping[str, Any],
        results: Mapping[str, Any],
        *,
        home: str,
        bulk: str,
        on_look: Handler,
        on_begin: Callable[[str, bool], Awaitable[None]],
        buttons: Mapping[str, Handler],
    ) -> None:
        super().__init__()
        self._props["run"] = dict(run)
        self._props["preview"] = dict(preview)
        self._props["results"] = dict(results)
        self._props["home"] = home
        self._props["bulk"] = bulk
        self._on_begin = on_begin
        self.on("look", on_look, args=[])
        self.on("begin", self._begun)
        for name, handler in buttons.items():
            self.on(name, handler, args=[])

    def show(
        self, run: Mapping[str, Any], preview: Mapping[str, Any], results: Mapping[str, Any]
    ) -> None:
        """Show all of this instead of what is shown."""
        self.run_method("show", dict(run), dict(preview), dict(results))

    def answered(self) -> None:
        """Let the buttons be pressed again."""
        self.run_method("answered")

    async def _begun(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        await self._on_begin(as_text(sent, "reason"), sent.get("tell") is True)
