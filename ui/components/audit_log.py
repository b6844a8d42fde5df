"""The audit log's table: for the Audit page, and without filters for one user's history."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui.events import GenericEventArguments

from services.access.actor import Actor
from services.audit.list import ENTRIES
from services.lists.choices import Choices
from ui.components.component import Component
from ui.tables.choosing import choices_props, keep_choices
from ui.tables.config import config_of
from ui.tables.live_table import IMPORTS

LIVE_EVENT = "rollcall_audit"


class AuditLog(
    Component,
    script="audit_log.js",
    imports=(*IMPORTS, "audit_rows.js", "breaking.js", "written.js"),
):
    """Shows entries, the newest first; new ones arrive as socket events (`live_event`: {entry}).

    The browser asks through `on_query` (action, q, from, to, zone: the time zone in which those are
    days; before: the number of the oldest entry that it has, or none; seq), and expects an answer
    by `show` or `failed` with the same `seq`. Everything in the handler's values is what a browser
    sent. `folded_q` is the search as entries are compared with it. `head` is the chain's end
    (number, hash). Below the path `home` are the export and the pages to which entries lead.
    `compact` leaves out the filters, the head and the column Whom.
    """

    SENT_ONCE = ("entries",)

    def __init__(
        self,
        *,
        entries: Sequence[Mapping[str, Any]],
        has_more: bool,
        head: Mapping[str, Any],
        on_query: Callable[[dict[str, Any]], Awaitable[None]],
        query: Mapping[str, Any] | None = None,
        home: str,
        compact: bool = False,
    ) -> None:
        super().__init__()
        self._props["entries"] = tuple(entries)  # tuples aren't watched for changes
        self._props["has_more"] = has_more
        self._props["head"] = dict(head)
        self._props["config"] = config_of(ENTRIES, {})
        self._props["query"] = dict(query or {})
        self._props["home"] = home
        self._props["compact"] = compact
        self._props["live_event"] = LIVE_EVENT
        self._on_query = on_query
        self.on("query", self._queried)

    def show(self, result: Mapping[str, Any]) -> None:
        """Show an answer: entries, has_more, seq, folded_q, and append (whether they follow those
        that are shown)."""
        self.run_method("show", dict(result))

    def failed(self, message: str, seq: int | None = None) -> None:
        """Say that a query failed, and why; the entries stay."""
        self.run_method("failed", message, seq)

    def on_export(self, handler: Callable[[], Awaitable[None]]) -> None:
        """Have this decide whether the export that the person asks for is fetched."""
        self.on("export", handler, args=[])

    def download(self) -> None:
        """Have the browser fetch the export of what is filtered now."""
        self.run_method("download")

    def keep_choices(self, actor: Actor, chosen: Choices) -> None:
        """Show the columns and the views that somebody chose, and keep what they choose from now
        on."""
        self._props.update(choices_props(chosen))
        keep_choices(self, actor, ENTRIES, self.failed)

    async def _queried(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, dict):
            await self._on_query(event.args)
