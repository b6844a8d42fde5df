"""Links, files, code and notes of a POC: the tab Resources."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from services.access.actor import Principal
from services.core.form_fields import Option
from services.sessions.sessions import Visit
from services.workspace import files, resources, task_list
from services.workspace.listing import PocDetails
from ui.components.toast import Toast
from ui.pages.workspace.file_drops import dropped
from ui.pages.workspace.poc_files import files_url, upload_url
from ui.pages.workspace.resource_list import (
    NewResourceForm,
    OwnedFileForm,
    ResourceList,
    ResourceSource,
    owner_of,
    owner_option,
    plain_form,
)


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out."""
    poc_id = details.row.id
    source = ResourceSource(
        load=partial(resources.list_of_poc, visit.actor, poc_id),
        owners=partial(_owners, visit.actor, poc_id),
        add=partial(_add, visit.actor, poc_id),
        edit=_edit,
        archive=resources.set_archived_of_poc,
        files=files_url(visit),
        patches="rollcall_resource",
    )
    may_change = details.may_change and not details.row.archived
    await ResourceList(visit, toast, source, may_change=may_change).build()
    if may_change:
        find_room = partial(files.get_room, visit.actor, poc_id)
        await dropped(toast, upload_url(visit, poc_id), find_room, event="rollcall_resource")


async def _owners(actor: Principal, poc_id: UUID) -> Sequence[Option]:
    found = await task_list.list_groups(actor, poc_id)
    owners = [Option("poc", "This POC")]
    for group in found:
        owners.append(owner_option("group", group.id, group.title, "Group"))
        owners += [owner_option("task", task.id, task.title, "Task") for task in group.tasks]
    return owners


async def _add(actor: Principal, poc_id: UUID, form: NewResourceForm) -> UUID:
    return await resources.add_to_poc(actor, poc_id, plain_form(form), **_part(form))


async def _edit(
    actor: Principal, resource_id: UUID, version: int, form: NewResourceForm | OwnedFileForm
) -> None:
    await resources.edit_of_poc(actor, resource_id, version, plain_form(form), **_part(form))


def _part(form: NewResourceForm | OwnedFileForm) -> dict[str, Any]:
    kind, row_id = owner_of(form.belongs_to)
    return {
        "group_id": row_id if kind == "group" else None,
        "task_id": row_id if kind == "task" else None,
    }
