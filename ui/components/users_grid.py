"""The users and their page's head: rows as data, a query per page of them, a patch per change."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import json, ui
from nicegui.events import GenericEventArguments

from ui.components.component import Component

Values = dict[str, Any]
Handler = Callable[[Values], Awaitable[None]]

OWN_HINT = "You can't deactivate yourself. Ask a Platform Admin."


class UsersGrid(
    Component,
    script="users_grid.js",
    imports=["live_socket.js", "user_rows.js", "users_grid_view.js", "icons.js"],
):
    """Shows one page of users and keeps it true.

    The heading, the link and the button above are its own, too: each element of NiceGUI takes some
    3 KiB of every open page.

    The browser asks for rows through `on_query` (q, role, status, invited, sort, dir, page, seq,
    and near: the place of the page it turns from), and wants an answer by `show` or `failed` with
    the same `seq`. A switch asks through `on_toggle` (id, active: what is wanted, version: of the
    row that was seen), and moves only when the patch arrives. Patches come as socket events to the
    page's rooms, past NiceGUI's outbox: `rollcall_user` {was, now} and
    `rollcall_presence` {id, online}. Everything in a handler's values is what a browser sent: any
    of it may be missing, or of another type.
    """

    SENT_ONCE = ("rows",)

    def __init__(  # noqa: PLR0913 - the page's state, each part by its name
        self,
        *,
        title: str,
        rows: Sequence[Mapping[str, Any]],
        total: int,
        counts: Mapping[str, int],
        query: Mapping[str, Any],
        page: int,
        pages: int,
        place: Mapping[str, Any] | None,
        page_size: int,
        me: str,
        roles: Sequence[Sequence[str]],
        can_manage: bool,
        base_url: str,
        on_query: Handler,
        on_toggle: Handler,
        on_invite: Callable[[], None],
        import_url: str = "",
        folded_q: str = "",
        empty_hint: str = "",
        own_hint: str = OWN_HINT,
    ) -> None:
        super().__init__()
        ui.add_head_html(UsersGrid.preload())
        self._props["title"] = title
        self._props["import_url"] = import_url
        # As a text: NiceGUI keeps each page's props, and would watch each row and each value in it.
        self._props["rows"] = json.dumps(list(rows))
        self._props["total"] = total
        self._props["counts"] = dict(counts)
        self._props["query"] = dict(query)
        self._props["page"] = page
        self._props["pages"] = pages
        self._props["place"] = place
        self._props["page_size"] = page_size
        self._props["folded_q"] = folded_q
        self._props["me"] = me
        self._props["roles"] = tuple(roles)
        self._props["can_manage"] = can_manage
        self._props["base_url"] = base_url
        self._props["empty_hint"] = empty_hint
        self._props["own_hint"] = own_hint
        self._on_toggle = on_toggle
        self._on_query = on_query
        self.on("query", self._queried)
        self.on("toggle", self._toggled)
        self.on("invite", on_invite, args=[])

    def show(self, result: Mapping[str, Any]) -> None:
        """Show an answer: rows, total, counts, page, pages, folded_q, place, seq."""
        self.run_method("show", dict(result))

    def failed(self, message: str, seq: int | None = None) -> None:
        """Say that a query failed, and why; the rows stay."""
        self.run_method("failed", message, seq)

    def pending(self, user_id: str, on: bool) -> None:
        """Show a user's switch as being decided, or not any more."""
        self.run_method("pending", user_id, on)

    async def _queried(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, dict):
            await self._on_query(event.args)

    async def _toggled(self, event: GenericEventArguments) -> None:
        if not isinstance(event.args, dict):
            return
        try:
            await self._on_toggle(event.args)
        finally:
            self.pending(str(event.args.get("id")), False)
