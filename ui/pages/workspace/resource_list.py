"""Links, files, code and notes: of a POC, or of a template."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, overload
from uuid import UUID

from nicegui import ui

from models import ResourceKind
from services.access.actor import Principal
from services.core.errors import NotFoundError
from services.core.form_fields import Option
from services.core.forms import choice
from services.sessions.sessions import Visit
from services.workspace.resource_forms import FileForm, ResourceForm
from services.workspace.resources import ResourceView
from ui.actions import told
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.components.work_rows import WorkRows
from ui.forms.dialog import FormDialog, Helpers, Outcome, Subject
from ui.frame import section
from ui.input import as_uuid
from ui.own_versions import OwnVersions
from ui.pages.workspace.parts import button
from ui.work_values import resource_values

EMPTY = ("No resources yet", "Links, files, code and notes that the work needs stand here.")
ACTS = (("edit", "Edit", ""), ("archive", "Archive", ""))


class Archive(Protocol):
    """Takes a resource away, or puts it back."""

    def __call__(
        self, principal: Principal, resource_id: UUID, version: int, *, archived: bool
    ) -> Awaitable[int]:
        """Do so; returns the version that this makes of it."""


class NewResourceForm(ResourceForm):
    """A resource, and what it belongs to."""

    belongs_to: str = choice("Belongs To")


class OwnedFileForm(FileForm):
    """The same of a file that is there."""

    belongs_to: str = choice("Belongs To")


@overload
def plain_form(form: NewResourceForm) -> ResourceForm: ...
@overload
def plain_form(form: OwnedFileForm) -> FileForm: ...
def plain_form(form: NewResourceForm | OwnedFileForm) -> ResourceForm | FileForm:
    """The form without what it says about the owner."""
    kind = ResourceForm if isinstance(form, NewResourceForm) else FileForm
    return kind(**form.model_dump(exclude={"belongs_to"}))


def owner_of(belongs_to: str) -> tuple[str, UUID | None]:
    """The kind and the id of what was chosen: one of the `owners`."""
    kind, _, chosen = belongs_to.partition(":")
    return kind, as_uuid(chosen)


def owner_option(kind: str, row_id: UUID, title: str, what: str) -> Option:
    """What a resource can belong to."""
    return Option(f"{kind}:{row_id}", f"{what}: {title}")


@dataclass(frozen=True)
class ResourceSource:
    """Where resources belong: how they are read and changed there, and how an open page hears of a
    change: by `patches`, or by an `event` after which it asks. `owners` are what a resource can
    belong to, the whole first. `files` is the path under which files are read."""

    load: Callable[[], Awaitable[Sequence[ResourceView]]]
    owners: Callable[[], Awaitable[Sequence[Option]]]
    add: Callable[[NewResourceForm], Awaitable[UUID]]
    edit: Callable[[Principal, UUID, int, NewResourceForm | OwnedFileForm], Awaitable[None]]
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
        self.own = OwnVersions()
        self.options: dict[str, Sequence[Option]] = {}

    async def build(self) -> None:
        """Lay it out."""
        helpers = Helpers(options=self.options)
        self.new = FormDialog(
            self.toast,
            "Add resource",
            NewResourceForm,
            submit="Add Resource",
            on_submit=self._add,
            helpers=helpers,
        )
        self.edit = FormDialog(
            self.toast,
            "Edit resource",
            NewResourceForm,
            submit="Save",
            helpers=helpers,
        )
        self.edit_file = FormDialog(
            self.toast,
            "Edit file",
            OwnedFileForm,
            submit="Save",
            helpers=helpers,
        )
        found = await self.source.load()
        if self.may_change:
            self.acts = ui.element("div").classes("tab-actions")
            with self.acts:
                add = told(self.toast)(self._open_new)
                button("+ Add Resource", add, look="btn btn-primary")
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

    def offer(self, may_change: bool) -> None:
        """Show or hide what whoever may change them can do about them."""
        self.acts.set_visibility(may_change)
        self.list.offer(ACTS if may_change else ())

    async def _show(self) -> None:
        self.list.show([resource_values(row) for row in await self.source.load()])

    async def _act(self, act: str, row_id: UUID, version: int, _above: UUID | None) -> None:
        await told(self.toast)(partial(self._do, act, row_id, version))()

    async def _do(self, act: str, row_id: UUID, version: int) -> None:
        if act == "edit":
            await self._open_edit(await self._read(row_id))
        else:
            await self.own.change(row_id, version, partial(self._archive, row_id))

    async def _read(self, row_id: UUID) -> ResourceView:
        for row in await self.source.load():
            if row.id == row_id:
                return row
        raise NotFoundError("This resource isn't there any more. Look again.")

    async def _open_new(self) -> None:
        self.options["belongs_to"] = owners = await self.source.owners()
        self.new.open({"kind": ResourceKind.LINK, "belongs_to": owners[0].value})

    async def _add(self, form: NewResourceForm) -> Outcome:
        await self.source.add(form)
        return f"“{form.title}” is added."

    async def _open_edit(self, row: ResourceView) -> None:
        subject = await self._subject(row)
        (self.edit if row.file is None else self.edit_file).open(subject)

    async def _subject(self, row: ResourceView) -> Subject[Any]:
        async def anew() -> Subject[Any]:
            return await self._subject(await self._read(row.id))

        return Subject(await self._values(row), partial(self._edit, row), anew)

    async def _values(self, row: ResourceView) -> dict[str, Any]:
        """The values with which the dialog that edits a resource begins."""
        names = ["title", "shared"]
        if row.file is None:
            names += ["kind", "content", "language"]
        values = {name: getattr(row, name) for name in names}
        self.options["belongs_to"] = owners = await self.source.owners()
        own = vars(row.owner_ids).values()
        now = [one.value for one in owners if owner_of(one.value)[1] in {*own} - {None}]
        values["belongs_to"] = now[0] if now else owners[0].value
        return values

    async def _edit(self, row: ResourceView, form: NewResourceForm | OwnedFileForm) -> Outcome:
        await self.source.edit(self.actor, row.id, row.version, form)
        return "Saved."

    async def _archive(self, row_id: UUID, version: int) -> int:
        row = await self._read(row_id)
        made = await self.source.archive(self.actor, row.id, version, archived=True)
        restore = partial(self.source.archive, self.actor, row.id, archived=False)
        back = told(self.toast)(partial(self.own.change, row.id, made, restore))
        self.toast.show(f"“{row.title}” is archived.", "success", "Undo", back)
        return made
