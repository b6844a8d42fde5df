"""Links, files, code and notes: of a POC, or of a template."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from nicegui import ui

from models import ResourceKind
from services.access.actor import Principal
from services.core.errors import NotFoundError
from services.sessions.sessions import Visit
from services.workspace.resources import FileForm, ResourceForm, ResourceView
from ui.actions import told
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.components.work_rows import WorkRows
from ui.forms.dialog import FormDialog, Outcome
from ui.frame import section
from ui.pages.workspace.parts import button
from ui.work_values import resource_values

EMPTY = ("No resources yet", "Links, files, code and notes that the work needs stand here.")
ACTS = (("edit", "Edit", ""), ("archive", "Archive", ""))


class Archive(Protocol):
    """Takes a resource away, or puts it back."""

    def __call__(
        self, principal: Principal, resource_id: UUID, version: int, *, archived: bool
    ) -> Awaitable[None]:
        """Do so."""


@dataclass(frozen=True)
class ResourceSource:
    """Where resources belong: how they are read and changed there, and how an open page hears of a
    change: by `patches`, or by an `event` after which it asks. `files` is the path under which
    files are read."""

    load: Callable[[], Awaitable[Sequence[ResourceView]]]
    add: Callable[[ResourceForm], Awaitable[UUID]]
    edit: Callable[[Principal, UUID, int, Any], Awaitable[None]]
    archive: Archive
    files: str
    patches: str = ""
    event: str = ""


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
        with section("card card-flush"):
            self.list = WorkRows(
                [resource_values(row) for row in found],
                event=self.source.patches,
                files=self.source.files,
                acts=ACTS if self.may_change else (),
                empty=EMPTY,
                on_act=self._act,
                on_missed=told(self.toast)(self._show),
            )
        if self.source.event:
            Refresher(self.source.event, self._show, self.toast)

    async def _show(self) -> None:
        self.list.show([resource_values(row) for row in await self.source.load()])

    async def _act(self, act: str, row_id: UUID, version: int, _above: UUID | None) -> None:
        await told(self.toast)(partial(self._do, act, row_id, version))()

    async def _do(self, act: str, row_id: UUID, version: int) -> None:
        found = {row.id: row for row in await self.source.load()}
        if row_id not in found:
            raise NotFoundError("This resource isn't there any more. Look again.")
        row = replace(found[row_id], version=version)
        if act == "edit":
            self._open_edit(row)
        else:
            await self._archive(row)

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
