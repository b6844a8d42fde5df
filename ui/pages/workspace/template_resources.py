"""Links, files, code and notes of a group template and of its tasks."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from nicegui import ui

from services.access.actor import Principal
from services.core.form_fields import Option
from services.sessions.sessions import Visit
from services.workspace import deleting, files, resources, template_list
from services.workspace.template_list import GroupTemplateDetails
from ui.actions import told
from ui.components.toast import Toast
from ui.frame import text
from ui.pages.workspace.archived_files import ArchivedFilesDialog
from ui.pages.workspace.file_drops import dropped
from ui.pages.workspace.parts import button
from ui.pages.workspace.poc_files import files_url, template_upload_url
from ui.pages.workspace.resource_list import (
    NewResourceForm,
    OwnedFileForm,
    ResourceList,
    ResourceSource,
    owner_of,
    owner_option,
    plain_form,
)


class TemplateResources:
    """The resources of one template, with what can be done about them."""

    def __init__(self, visit: Visit, toast: Toast, group_id: UUID) -> None:
        self.visit = visit
        self.toast = toast
        self.group_id = group_id
        self.files: ui.element | None = None

    async def build(self, details: GroupTemplateDetails) -> None:
        """Lay them out; what the reader may never change has no controls."""
        actor = self.visit.actor
        source = ResourceSource(
            load=partial(resources.list_of_group_template, actor, self.group_id),
            owners=partial(_owners, actor, self.group_id),
            add=partial(_add_resource, actor, self.group_id),
            edit=partial(_edit_resource, self.group_id),
            archive=resources.set_archived_of_template,
            files=files_url(self.visit),
            event="rollcall_templates",
        )
        text("h2", "Resources", "part-title")
        may_change = details.may_change
        self.list = ResourceList(self.visit, self.toast, source, may_change=may_change)
        await self.list.build()
        if may_change:
            self.files = ui.element("div")
            with self.files:
                await self._build_files()
            self.show(details)

    async def _build_files(self) -> None:
        url = template_upload_url(self.visit, self.group_id)
        find_room = partial(files.get_room_of_group, self.visit.actor, self.group_id)
        await dropped(self.toast, url, find_room, event="rollcall_templates")
        archived = ArchivedFilesDialog(
            self.toast,
            partial(deleting.list_archived_files_of_group, self.visit.actor, self.group_id),
            partial(deleting.delete_file_of_template, self.visit.actor),
            self.visit.time_zone,
        )
        self.delete = button(
            "Delete archived files", told(self.toast)(archived.open), look="btn btn-quiet"
        )

    def show(self, details: GroupTemplateDetails) -> None:
        """Hide the controls while the template is archived, and what can do nothing."""
        if self.files is not None:
            self.files.set_visibility(not details.row.is_archived)
            self.delete.set_visibility(details.archived_files)
            self.list.offer(not details.row.is_archived)


async def _owners(actor: Principal, group_id: UUID) -> Sequence[Option]:
    found = await template_list.get_group(actor, group_id)
    tasks = [owner_option("task", task.id, task.title, "Task") for task in found.tasks]
    return [Option("group", "The group"), *tasks]


async def _add_resource(actor: Principal, group_id: UUID, form: NewResourceForm) -> UUID:
    return await resources.add_to_template(actor, plain_form(form), **_template(group_id, form))


async def _edit_resource(
    group_id: UUID,
    actor: Principal,
    resource_id: UUID,
    version: int,
    form: NewResourceForm | OwnedFileForm,
) -> None:
    plain, owner = plain_form(form), _template(group_id, form)
    await resources.edit_of_template(actor, resource_id, version, plain, **owner)


def _template(group_id: UUID, form: NewResourceForm | OwnedFileForm) -> dict[str, UUID]:
    _, task_id = owner_of(form.belongs_to)
    return {"task_template_id": task_id} if task_id else {"group_template_id": group_id}
