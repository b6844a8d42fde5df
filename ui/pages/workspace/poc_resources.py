"""Links, code and notes of a POC: the tab Resources."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui

from models import ResourceKind
from services.sessions.sessions import Visit
from services.workspace import resources
from services.workspace.listing import PocDetails
from services.workspace.resources import ResourceForm, ResourceView
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome
from ui.frame import section, text
from ui.pages.workspace.parts import button, empty, link


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out."""
    screen = _ResourcesScreen(visit, toast, details)
    screen.build(await resources.list_of_poc(visit.actor, details.row.id))


class _ResourcesScreen:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.customer = details.row.customer
        self.may_change = details.may_change and not details.row.archived
        self.about: ResourceView | None = None

    def build(self, found: Sequence[ResourceView]) -> None:
        """Lay the tab out."""
        self.new = FormDialog(
            self.toast, "Add resource", ResourceForm, submit="Add Resource", on_submit=self._add
        )
        self.edit = FormDialog(
            self.toast, "Edit resource", ResourceForm, submit="Save", on_submit=self._edit
        )
        if self.may_change:
            with ui.element("div").classes("tab-actions"):
                kind = {"kind": ResourceKind.LINK}
                button("+ Add Resource", partial(self.new.open, kind), look="btn btn-primary")
        self.list = Part(section("card card-flush"), self._rows)
        self.list.show(found)
        Refresher("rollcall_poc", self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.list.show(await resources.list_of_poc(self.actor, self.poc_id))

    def _rows(self, found: Sequence[ResourceView]) -> None:
        if not found:
            empty("No resources yet", "Links, code and notes that this POC needs stand here.")
            return
        with ui.element("ul").classes("home-rows"):
            for row in found:
                with ui.element("li"):
                    self._row(row)

    def _row(self, row: ResourceView) -> None:
        with ui.element("div").classes("home-what"):
            if row.kind is ResourceKind.LINK:
                opened = link(row.title, row.content)
                opened.props('target="_blank" rel="noopener noreferrer"')
            else:
                text("span", row.title, "task-title").props('dir="auto"')
                self._content(row)
            if row.belongs_to:
                text("span", row.belongs_to, "small muted").props('dir="auto"')
        text("span", row.kind.label, "small muted")
        shared = f"Shared with {self.customer}" if row.shared else "Internal"
        text("span", shared, "chip chip-customer" if row.shared else "chip chip-outline")
        if self.may_change:
            quiet = "btn btn-quiet"
            button("Edit", partial(self._open_edit, row), look=quiet, about=row.title)
            archive = told(self.toast)(partial(self._archive, row))
            button("Archive", archive, look=quiet, about=row.title)

    def _content(self, row: ResourceView) -> None:
        if row.kind is ResourceKind.CODE:
            text("pre", row.content, "resource-code")
        else:
            # From Markdown by the service, which lets through no element that does anything.
            ui.element("div").classes("comment-body").props["innerHTML"] = row.html

    async def _add(self, form: ResourceForm) -> Outcome:
        await resources.add_to_poc(self.actor, self.poc_id, form)
        return f"“{form.title}” is added."

    def _open_edit(self, row: ResourceView) -> None:
        self.about = row
        names = ("kind", "title", "content", "language", "shared")
        self.edit.open({name: getattr(row, name) for name in names})

    async def _edit(self, form: ResourceForm) -> Outcome:
        if self.about is not None:
            await resources.edit_of_poc(self.actor, self.about.id, self.about.version, form)
        return "Saved."

    async def _archive(self, row: ResourceView) -> None:
        await resources.set_archived_of_poc(self.actor, row.id, row.version, archived=True)
        back = told(self.toast)(partial(self._restore, row))
        self.toast.show(f"“{row.title}” is archived.", "success", "Undo", back)

    async def _restore(self, row: ResourceView) -> None:
        await resources.set_archived_of_poc(self.actor, row.id, row.version + 1, archived=False)
