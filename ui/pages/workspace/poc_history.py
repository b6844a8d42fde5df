"""What happened to a POC: the tab History."""

from uuid import UUID

from nicegui import ui

from services.audit.list import AuditEntry
from services.sessions.sessions import Visit
from services.workspace import history
from services.workspace.history import History
from services.workspace.listing import PocDetails
from ui.actions import told
from ui.components.local_text import LocalText
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.frame import mixed_chip, section, text
from ui.pages.workspace.parts import button
from ui.words import moment


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out."""
    screen = _HistoryScreen(visit, toast, details)
    screen.build(await history.list_history(visit.actor, details.row.id))


class _HistoryScreen:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.entries: tuple[AuditEntry, ...] = ()
        self.inactive: frozenset[UUID] = frozenset()

    def build(self, found: History) -> None:
        """Lay the tab out."""
        with section():
            self.list = Part(ui.element("ul").classes("poc-history"), self._rows)
            self.more = button("Show older", told(self.toast)(self._show_older))
        self._show(found)
        for event in ("rollcall_poc_head", "rollcall_person"):
            Refresher(event, self._refresh, self.toast)

    def _show(self, found: History) -> None:
        self.entries, self.inactive = tuple(found.entries), found.inactive
        self.list.show(self.entries, self.inactive)
        self.more.set_visibility(found.has_more)

    async def _refresh(self) -> None:
        self._show(await history.list_history(self.actor, self.poc_id))

    async def _show_older(self) -> None:
        before = self.entries[-1].number
        older = await history.list_history(self.actor, self.poc_id, before=before)
        entries = (*self.entries, *older.entries)
        self._show(History(entries, older.has_more, self.inactive | older.inactive))

    def _rows(self, entries: tuple[AuditEntry, ...], inactive: frozenset[UUID]) -> None:
        for entry in entries:
            with ui.element("li"):
                LocalText("span", moment(entry.at)).classes("small muted")
                text("strong", entry.actor).props('dir="auto"')
                if entry.actor_mixed:
                    mixed_chip(entry.actor_mixed)
                if entry.actor_email:
                    text("bdi", entry.actor_email, "small muted")
                if entry.id in inactive:
                    text("span", "Inactive", "chip chip-inactive")
                text("span", entry.action_label)
                if entry.summary:
                    text("span", entry.summary, "muted")
