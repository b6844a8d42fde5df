"""Links, files, code and notes: of a POC, or of a template."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from nicegui import ui

from models import ResourceKind
from services.access.actor import Principal
from services.sessions.sessions import Visit
from services.workspace.resources import FileForm, ResourceForm, ResourceView
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome
from ui.frame import section, text
from ui.pages.workspace.parts import button, empty, link
from ui.work_words import file_words


class Archive(Protocol):
    """Takes a resource away, or puts it back."""

    def __call__(
        self, principal: Principal, resource_id: UUID, version: int, *, archived: bool
    ) -> Awaitable[None]:
        """Do so."""


@dataclass(frozen=True)
class ResourceSource:
    """Where resources belong: how they are read and changed there, and by which event an open page
    hears of a change."""

    load: Callable[[], Awaitable[Sequence[ResourceView]]]
    add: Callable[[ResourceForm], Awaitable[UUID]]
    edit: Callable[[Principal, UUID, int, Any], Awaitable[None]]
    archive: Archive
    event: str
    shared_with: str
    file_url: Callable[[UUID], str] = str


class ResourceList:
    """The resources of a template or of a POC, with what can be done about them."""

    def __init__(
        self, visit: Visit, toast: Toast, source: ResourceSource, *, may_change: bool
    ) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.source = source
        self.may_change = may_change
        self.about: ResourceView | None = None

    async def build(self) -> None:
        """Lay it out."""
        self.new = FormDialog(
            self.toast, "Add resource", ResourceForm, submit="Add Resource", on_submit=self._add
        )
        self.edit = FormDialog(
            self.toast, "Edit resource", ResourceForm, submit="Save", on_submit=self._edit
        )
        self.edit_file = FormDialog(
            self.toast, "Edit file", FileForm, submit="Save", on_submit=self._edit
        )
        found = await self.source.load()
        if self.may_change:
            with ui.element("div").classes("tab-actions"):
                kind = {"kind": ResourceKind.LINK}
                button("+ Add Resource", partial(self.new.open, kind), look="btn btn-primary")
        self.list = Part(section("card card-flush"), self._rows)
        self.list.show(found)
        Refresher(self.source.event, self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.list.show(await self.source.load())

    def _rows(self, found: Sequence[ResourceView]) -> None:
        if not found:
            empty(
                "No resources yet", "Links, files, code and notes that the work needs stand here."
            )
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
            elif row.file is not None:
                link(row.title, self.source.file_url(row.id)).props("download")
                text("span", file_words(row.file), "small muted")
            else:
                text("span", row.title, "task-title").props('dir="auto"')
                _content(row)
            if row.belongs_to:
                text("span", row.belongs_to, "small muted").props('dir="auto"')
        text("span", row.kind.label, "small muted")
        shared = f"Shared with {self.source.shared_with}" if row.shared else "Internal"
        text("span", shared, "chip chip-customer" if row.shared else "chip chip-outline")
        if self.may_change:
            quiet = "btn btn-quiet"
            button("Edit", partial(self._open_edit, row), look=quiet, about=row.title)
            archive = told(self.toast)(partial(self._archive, row))
            button("Archive", archive, look=quiet, about=row.title)

    async def _add(self, form: ResourceForm) -> Outcome:
        await self.source.add(form)
        return f"“{form.title}” is added."

    def _open_edit(self, row: ResourceView) -> None:
        self.about = row
        if row.file is not None:
            self.edit_file.open({"title": row.title, "shared": row.shared})
            return
        names = ("kind", "title", "content", "language", "shared")
        self.edit.open({name: getattr(row, name) for name in names})

    async def _edit(self, form: ResourceForm | FileForm) -> Outcome:
        if self.about is not None:
            await self.source.edit(self.actor, self.about.id, self.about.version, form)
        return "Saved."

    async def _archive(self, row: ResourceView) -> None:
        await self.source.archive(self.actor, row.id, row.version, archived=True)
        back = told(self.toast)(partial(self._restore, row))
        self.toast.show(f"“{row.title}” is archived.", "success", "Undo", back)

    async def _restore(self, row: ResourceView) -> None:
        await self.source.archive(self.actor, row.id, row.version + 1, archived=False)


def _content(row: ResourceView) -> None:
    if row.kind is ResourceKind.CODE:
        text("pre", row.content, "resource-code")
    else:
        # The service made it from Markdown, without any active element.
        ui.element("div").classes("comment-body").props["innerHTML"] = row.html
