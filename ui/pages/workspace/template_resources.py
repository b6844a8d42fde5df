"""Links, files, code and notes of a group template and of its tasks."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

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


async def build(visit: Visit, toast: Toast, details: GroupTemplateDetails) -> None:
    """Lay them out."""
    source = ResourceSource(
        load=partial(resources.list_of_group_template, visit.actor, details.row.id),
        owners=partial(_owners, visit.actor, details.row.id),
        add=partial(_add_resource, visit.actor, details.row.id),
        edit=partial(_edit_resource, details.row.id),
        archive=resources.set_archived_of_template,
        files=files_url(visit),
        event="rollcall_templates",
    )
    text("h2", "Resources", "part-title")
    may_change = details.may_change and not details.row.is_archived
    await ResourceList(visit, toast, source, may_change=may_change).build()
    if may_change:
        url = template_upload_url(visit, details.row.id)
        find_room = partial(files.get_room_of_group, visit.actor, details.row.id)
        await dropped(toast, url, find_room, event="rollcall_templates")
        archived = ArchivedFilesDialog(
            toast,
            partial(deleting.list_archived_files_of_group, visit.actor, details.row.id),
            partial(deleting.delete_file_of_template, visit.actor),
        )
        button("Delete archived files", told(toast)(archived.open), look="btn btn-quiet")


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
