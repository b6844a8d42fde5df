"""Stores what a person chooses for a list: its columns and rows, and views under their names."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nicegui.events import GenericEventArguments

from services.access.actor import Actor
from services.core.errors import RollcallError, SessionEndedError
from services.lists import choices
from services.lists.choices import Choices
from services.lists.declaration import LiveList
from ui.components.component import Component
from ui.input import as_text


def choices_props(chosen: Choices) -> dict[str, Any]:
    """The columns, the rows and the views that somebody chose, as a component's props."""
    look = {"size": chosen.size, "compact": chosen.compact}
    views = tuple({"name": view.name, "query": view.query} for view in chosen.views)
    return {"columns": chosen.columns, "look": look, "views": views}


def keep_choices(
    component: Component,
    actor: Actor,
    live_list: LiveList[Any],
    failed: Callable[[str, int | None], None],
) -> None:
    """Store what the browser says by `columns`, `look` and `view`; `failed` reports what is
    refused."""

    async def columns_chosen(event: GenericEventArguments) -> None:
        columns = event.args.get("columns") if isinstance(event.args, dict) else None
        if isinstance(columns, list):
            with suppress(SessionEndedError):
                await choices.keep_columns(actor, live_list, [str(key) for key in columns])

    async def look_chosen(event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        size, compact = sent.get("size"), sent.get("compact")
        if isinstance(size, int) and isinstance(compact, bool):
            with suppress(SessionEndedError):
                await choices.keep_rows(actor, live_list, size=size, compact=compact)

    async def view_changed(event: GenericEventArguments) -> None:
        """A view is saved under a name, or removed if there is no query."""
        if not isinstance(event.args, dict):
            return
        name, query = as_text(event.args, "name"), event.args.get("query")
        try:
            if isinstance(query, dict):
                await choices.save_view(actor, live_list, name, query)
            else:
                await choices.remove_view(actor, live_list, name)
        except SessionEndedError:
            return
        except RollcallError as error:
            failed(str(error), None)

    component.on("columns", columns_chosen)
    component.on("look", look_chosen)
    component.on("view", view_changed)
