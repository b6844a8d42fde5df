"""The table of any list: rows as data, a query per page of them, a patch per change."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from nicegui import json, ui
from nicegui.events import GenericEventArguments

from services.access.actor import Actor
from services.core.errors import RollcallError, SessionEndedError
from services.lists.choices import Choices
from services.lists.declaration import LiveList
from services.lists.opening import Opened
from services.lists.query import ListQuery, from_url, to_url
from services.lists.slices import Slice
from services.lists.wire import row_values
from services.sessions import sessions
from services.sessions.sessions import Visit
from ui.components.component import Component
from ui.components.shell import Shell
from ui.csv_answer import csv_answer
from ui.input import as_text, as_uuid, as_version
from ui.tables.choosing import choices_props, keep_choices
from ui.tables.config import config_of
from ui.tables.feed import list_room, read_as_told

Values = dict[str, Any]
Handler = Callable[[Values], Awaitable[None]]
Begin = Callable[[Actor, Values], Awaitable[Opened[Any]]]
Load = Callable[[Actor, ListQuery], Awaitable[Slice[Any]]]
Options = Sequence[Sequence[str]]
"""Keys and labels of the options of a filter."""

IMPORTS = (
    "live_socket.js",
    "single_keys.js",
    "table_rows.js",
    "table_hands.js",
    "avatar.js",
    "cells.js",
    "live_table.js",
    "live_table_view.js",
    "table_toolbar.js",
    "menus.js",
    "selection_bar.js",
    "icons.js",
)


@dataclass(frozen=True)
class HeadItem:
    """A button beside the table's heading, or a link if it has a `url`. `name` is the event of the
    button, for code that reads what a page listens to. One that `stays` is in sight even where the
    others are in a menu."""

    label: str
    url: str = ""
    name: str = ""
    on_click: Callable[[], object] | None = None
    primary: bool = False
    stays: bool = False


@dataclass(frozen=True)
class ListTab:
    """A list that stands beside others, on a page of its own; the open one has no `url`. For
    another one, the count is the tally with this name (`LiveList.tallies`)."""

    label: str
    url: str = ""
    tally: str = ""


@dataclass(frozen=True)
class RowsAct:
    """Something that can be done to selected rows: its handler gets what `selected` reads. It is
    offered while the filter is set that it `needs`, or always."""

    label: str
    name: str
    on_click: Handler
    danger: bool = False
    needs: str = ""


@dataclass(frozen=True)
class Opening:
    """What a page's table begins with: the list, how it is read, what the url asks for, and the
    rows that answer it."""

    live_list: LiveList[Any]
    load: Load
    query: ListQuery
    first: Slice[Any]
    chosen: Choices


async def opened(visit: Visit, live_list: LiveList[Any], begin: Begin, load: Load) -> Opening:
    """Read what the url of the page that is being built asks for: `begin` the page itself, and
    `load` what it asks for later."""
    first = await begin(visit.actor, dict(ui.context.client.request.query_params))
    await sessions.touch(visit.actor, visit.seen_at)
    return Opening(live_list, load, first.query, first.first, first.chosen)


class LiveTable(Component, script="table.js", imports=IMPORTS):
    """Shows one page of a list and keeps it true. It also contains the heading, its buttons, the
    search and the filters: each element of NiceGUI takes some 3 KiB of every open page.

    The page has to be in the list's room (`ui.tables.feed`). `opening` is what `opened` read.
    `base_url` is the beginning of the urls of its rows, if they have pages. `options` are the
    options of filters, by their keys, if not all are to be offered; for a filter `person` they are
    the people to choose from.

    The browser asks for rows by `query` (what a url has, seq, and near: the cursor of the page from
    which it turns), and expects an answer by `show` or `failed` with the same `seq`. Patches come
    as socket events to the page's rooms, past NiceGUI's outbox: `rollcall_<noun>` {was, now},
    `rollcall_presence` {id, online}, and `rollcall_tallies` {filter: count}. Everything in an
    event's values is what a browser sent: any of it may be missing, or have another type.
    """

    SENT_ONCE = ("rows",)

    def __init__(
        self,
        visit: Visit,
        opening: Opening,
        *,
        title: str,
        base_url: str = "",
        head: Sequence[HeadItem] = (),
        options: Mapping[str, Options] | None = None,
        empty_hint: str = "",
        export_url: str = "",
    ) -> None:
        super().__init__()
        ui.add_head_html(self.preload(beside=Shell))
        self._actor = visit.actor
        self._list = live_list = opening.live_list
        self._load = opening.load
        values = slice_values(live_list, opening.first)
        # As a text, which takes a third of the memory: NiceGUI keeps each page's props.
        values["rows"] = json.dumps(values["rows"])
        # An export of selected rows isn't done by the server's handler: the browser fetches a url.
        self._exports = ({"label": "Export", "event": "export"},) if export_url else ()
        self._acts: tuple[Values, ...] = ()
        self._late: dict[str, Callable[[], Awaitable[Options]]] = {}
        self.begin_with(
            **values,
            **choices_props(opening.chosen),
            config=config_of(live_list, options or {}),
            title=title,
            query=to_url(live_list, opening.query),
            me=str(visit.user_id),
            base_url=base_url,
            head=tuple(
                {
                    "label": i.label,
                    "url": i.url,
                    "event": i.name,
                    "primary": i.primary,
                    "stays": i.stays,
                }
                for i in head
            ),
            tabs=(),
            empty_hint=empty_hint,
            export_url=export_url,
            acts=self._exports,
            late=(),
        )
        self.on("query", self._queried)
        keep_choices(self, self._actor, live_list, self.failed)
        for item in head:
            if item.on_click is not None:
                self.on(item.name, item.on_click, args=[])

    def show_tabs(self, *tabs: ListTab) -> None:
        """Show which lists stand beside this one."""
        self._props["tabs"] = tuple(asdict(tab) for tab in tabs)

    def add_act(self, act: RowsAct) -> None:
        """Offer an act on the selected rows."""
        shown = {"label": act.label, "event": act.name, "danger": act.danger, "needs": act.needs}
        self._acts += (shown,)
        self._props["acts"] = (*self._acts, *self._exports)

        async def done(event: GenericEventArguments) -> None:
            if isinstance(event.args, dict):
                await act.on_click(event.args)

        self.on(act.name, done)

    def offer_late(self, key: str, read: Callable[[], Awaitable[Options]]) -> None:
        """Read what a quiet filter offers when it is shown, or the column whose cells have the same
        name."""
        if not self._late:
            self.on("options", self._offered)
        self._late[key] = read
        self._props["late"] = tuple(self._late)

    def on_row_act(self, name: str, handler: Callable[[UUID], Awaitable[None]]) -> None:
        """Have this do what a button with this name asks for in a row."""
        self._props["row_acts"] = True

        async def asked(event: GenericEventArguments) -> None:
            row_id = as_uuid(event.args.get("id")) if isinstance(event.args, dict) else None
            if row_id is not None:
                await handler(row_id)

        self.on(name, asked)

    def bring(self, row_id: UUID) -> None:
        """Show at once a new row that this page's own user made: it doesn't wait among those of
        others."""
        self.run_method("bring", str(row_id))

    def failed(self, message: str, seq: int | None) -> None:
        """Say that something failed, and why; the rows stay."""
        self.run_method("failed", message, seq)

    async def _offered(self, event: GenericEventArguments) -> None:
        key = as_text(event.args, "filter") if isinstance(event.args, dict) else ""
        if key not in self._late:
            return
        try:
            self.run_method("offer", key, await self._late[key]())
        except SessionEndedError:
            return
        except RollcallError as error:
            self.failed(str(error), None)

    async def _queried(self, event: GenericEventArguments) -> None:
        if not isinstance(event.args, dict):
            return
        seq = as_version(event.args.get("seq")) or 0
        query = from_url(self._list, event.args)
        room = list_room(self._list.noun, self._actor.tenant_id)
        try:
            found = await read_as_told(room, partial(self._load, self._actor, query))
        except SessionEndedError:
            return
        except RollcallError as error:
            self.failed(str(error), seq)
            return
        self.run_method("show", slice_values(self._list, found) | {"seq": seq})
        await sessions.touch(self._actor)


def selected(live_list: LiveList[Any], values: Values) -> ListQuery:
    """The rows that an act is about: those that were selected by hand, or all rows that match."""
    ids, query = values.get("ids"), values.get("query")
    if isinstance(ids, list):
        return from_url(live_list, {"ids": " ".join(str(row_id) for row_id in ids) or "none"})
    return from_url(live_list, query if isinstance(query, dict) else {"ids": "none"})


async def export_response(
    request: Request,
    live_list: LiveList[Any],
    export: Callable[[ListQuery, Sequence[str]], Awaitable[AsyncIterator[str]]],
    name: str,
) -> Response:
    """What the url's query finds of a list, with the columns that it names, as a CSV file."""
    values = dict(request.query_params)
    pieces = await export(from_url(live_list, values), values.get("columns", "").split())
    return csv_answer(pieces, name)


def slice_values(live_list: LiveList[Any], found: Slice[Any]) -> Values:
    """A page of a list as plain values, for the browser."""
    return {
        "rows": [row_values(live_list, row) for row in found.rows],
        "total": found.total,
        "counts": dict(found.counts),
        "page": found.page,
        "has_previous": found.has_previous,
        "has_next": found.has_next,
        "folded_q": found.folded_q,
        "cursor": found.cursor.to_values() if found.cursor else None,
    }
