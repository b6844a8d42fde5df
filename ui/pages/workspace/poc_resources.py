"""Links, code and notes of a POC: the tab Resources."""

from functools import partial

from services.sessions.sessions import Visit
from services.workspace import resources
from services.workspace.listing import PocDetails
from ui.components.toast import Toast
from ui.pages.workspace.resource_list import Place, ResourceList


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out."""
    place = Place(
        load=partial(resources.list_of_poc, visit.actor, details.row.id),
        add=partial(resources.add_to_poc, visit.actor, details.row.id),
        edit=resources.edit_of_poc,
        archive=resources.set_archived_of_poc,
        event="rollcall_poc",
        shared_with=details.row.customer,
    )
    may_change = details.may_change and not details.row.archived
    await ResourceList(visit, toast, place, may_change=may_change).build()
