"""The list of what ends soon, grouped by nearness."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui.events import GenericEventArguments

from ui.components.component import Component
from ui.input import as_text, as_uuid

WITHIN = (7, 30, 90)
"""The numbers of days to choose from."""


class EndsSoonList(
    Component,
    script="ends_soon.js",
    imports=[
        "live_socket.js",
        "avatar.js",
        "icons.js",
        "table_rows.js",
        "whose.js",
        "breaking.js",
    ],
):
    """Shows `values`: groups of rows, counts, and the number of days.

    A row's button asks through `on_act` (the row's kind, the user's id), the button beside it
    through `on_change` (the user's id). A row that was handled stays where it is until the
    filters change: `tell_done` says what became of it, and `on_undo` (the user's id) takes it back.
    `on_within` gets another number of days. `on_stale` runs if something was missed, or if the next
    row has ended.
    """

    SENT_ONCE = ("values",)

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        on_act: Callable[[str, Any], Awaitable[None]],
        on_undo: Callable[[Any], Awaitable[None]],
        on_change: Callable[[Any], Awaitable[None]],
        on_within: Callable[[int], Awaitable[None]],
        on_stale: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["values"] = dict(values)
        self._props["offered"] = WITHIN
        self._on_act, self._on_undo = on_act, on_undo
        self._on_change, self._on_within = on_change, on_within
        self.on("act", self._acted)
        self.on("undo", self._undone)
        self.on("change", self._changed)
        self.on("within", self._within)
        self.on("stale", on_stale, args=[])

    def show(self, values: Mapping[str, Any]) -> None:
        """Show all of this instead of what is shown."""
        self.run_method("show", dict(values))

    def tell_done(self, key: str, said: Mapping[str, Any]) -> None:
        """Say what became of the row that was handled; nothing lets it go again."""
        self.run_method("tellDone", {"key": key, **said})

    async def _acted(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        user_id = as_uuid(sent.get("id"))
        if user_id is not None:
            await self._on_act(as_text(sent, "kind"), user_id)

    async def _undone(self, event: GenericEventArguments) -> None:
        user_id = as_uuid(event.args)
        if user_id is not None:
            await self._on_undo(user_id)

    async def _changed(self, event: GenericEventArguments) -> None:
        user_id = as_uuid(event.args)
        if user_id is not None:
            await self._on_change(user_id)

    async def _within(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, int) and event.args in WITHIN:
            await self._on_within(event.args)
