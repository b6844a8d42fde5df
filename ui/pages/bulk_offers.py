"""What a list's page offers for selected rows: each act begins as a draft, on a page of its own."""

from functools import partial
from typing import Any

from models import BulkKind
from services.access.permissions import may
from services.bulk import runs
from services.bulk.kinds import ManyAct, Question
from services.core.forms import Form
from services.lists.declaration import LiveList
from services.lists.query import ListQuery
from services.sessions.sessions import Visit
from services.users import selection
from ui.actions import go_to, told
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Subject
from ui.pages.bulk_places import place_of
from ui.paths import home_path
from ui.tables.live_table import Handler, HeadItem, LiveTable, RowsAct, selected


def bulk_item(visit: Visit, live_list: LiveList[Any]) -> list[HeadItem]:
    """The link to the acts on many of a list, beside its heading, for those who may see them."""
    place, _ = place_of(live_list)
    if not any(may(visit.role, looks) for looks in place.looks):
        return []
    return [HeadItem("Bulk acts", url=f"{home_path(visit.tenant_slug)}/{place.path}/bulk")]


class BulkActs:
    """The acts on selected rows of one open page."""

    def __init__(
        self, visit: Visit, toast: Toast, table: LiveTable, live_list: LiveList[Any]
    ) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.table = table
        self.list = live_list
        place, self.shown = place_of(live_list)
        self.bulk = f"{home_path(visit.tenant_slug)}/{place.path}/bulk"
        self.asking: dict[BulkKind, FormDialog[Form]] = {}

    def offer(self) -> None:
        """Put what this person may do into the bar of what is selected."""
        filters = {"", *(one.key for one in self.list.filters)}
        for act in self.shown.acts:
            if act.needs_filter in filters and may(self.visit.role, act.permission):
                handler = told(self.toast)(self._choosing(act))
                name, needs = act.kind.value, act.needs_filter
                self.table.add_act(RowsAct(act.words.button, name, handler, act.danger, needs))

    def _choosing(self, act: ManyAct) -> Handler:
        async def chosen(values: dict[str, Any]) -> None:
            query = selected(self.list, values)
            if act.asks is None:
                await self._draft(act, query)
                return
            if act.kind not in self.asking:  # made when somebody first wants it
                self.asking[act.kind] = self._form(act, act.asks)
            self.asking[act.kind].open(Subject({}, partial(self._draft, act, query)))

        return chosen

    def _form(self, act: ManyAct, asks: Question) -> FormDialog[Form]:
        return FormDialog(
            self.toast,
            asks.title,
            asks.form,
            submit="Go on",
            helpers=Helpers(
                hints=asks.hints, people=partial(selection.list_selectable, self.actor)
            ),
        )

    async def _draft(self, act: ManyAct, query: ListQuery, form: Form | None = None) -> None:
        bulk_id = await runs.draft(self.actor, act.kind, query, form)
        go_to(f"{self.bulk}/{bulk_id}")
