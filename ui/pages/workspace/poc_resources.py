"""Links, files, code and notes of a POC: the tab Resources."""

from functools import partial

from services.sessions.sessions import Visit
from services.workspace import files, resources
from services.workspace.listing import PocDetails
from ui.components.toast import Toast
from ui.pages.workspace.file_drops import dropped
from ui.pages.workspace.poc_files import files_url, upload_url
from ui.pages.workspace.resource_list import ResourceList, ResourceSource


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out."""
    poc_id = details.row.id
    source = ResourceSource(
        load=partial(resources.list_of_poc, visit.actor, poc_id),
        add=partial(resources.add_to_poc, visit.actor, poc_id),
        edit=resources.edit_of_poc,
        archive=resources.set_archived_of_poc,
        files=files_url(visit),
        patches="rollcall_resource",
    )
    may_change = details.may_change and not details.row.archived
    await ResourceList(visit, toast, source, may_change=may_change).build()
    if may_change:
        find_room = partial(files.get_room, visit.actor, poc_id)
        await dropped(toast, upload_url(visit, poc_id), find_room, event="rollcall_resource")
