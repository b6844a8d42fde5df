"""Which outsider sees what: looked for, told live, and taken along as a file."""

from models import PocStatus, Tenant
from services.access.actor import Actor
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.events import RowChanged
from services.lists.query import ListQuery, from_url
from services.lists.wire import row_values
from services.screens import home
from services.workspace import pocs
from services.workspace.customers import invitations, listing, people
from services.workspace.customers.invitations import CustomerForm
from services.workspace.customers.list import OUTSIDERS
from services.workspace.pocs import StatusForm
from tests import factories
from tests.services.workspace.scene import create_poc

RETO = CustomerForm(first_name="Zoé", last_name="Bianchi", email="reto@helvetia.example")


async def _names(admin: Actor, **url: str) -> list[str]:
    found = await listing.list_outsiders(admin, from_url(OUTSIDERS, url))
    return [row.name for row in found.rows]


async def test_outsiders_are_found_by_name_email_and_standing(
    tenant: Tenant, ada: Actor, admin: Actor
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    await factories.create_customer(tenant, poc)
    assert await _names(admin, q="zoe helvetia.example") == ["Zoé Bianchi"]
    assert await _names(admin, status="invited") == ["Reto Bianchi", "Zoé Bianchi"]
    await people.set_active(admin, invited.customer_id, active=False)
    assert await _names(admin, status="inactive") == ["Zoé Bianchi"]
    found = await listing.list_outsiders(admin, ListQuery())
    assert found.counts == {"all": 2, "active": 0, "invited": 1, "inactive": 1}
    assert [row_values(OUTSIDERS, row)["pocs"][0][1] for row in found.rows] == ["Trial", "Trial"]


async def test_who_is_taken_out_of_their_last_poc_leaves_the_list(
    rollcall: Runtime, ada: Actor, admin: Actor, events: list[Event]
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    await invitations.remove(ada, poc, invited.customer_id)
    assert await _names(admin) == []
    again = await invitations.invite(ada, poc, RETO)
    assert again.customer_id == invited.customer_id
    await rollcall.bus.drain()
    rows = [event for event in events if isinstance(event, RowChanged)]
    told = [event.was for event in rows if event.noun == OUTSIDERS.noun]
    assert [was for was in told if was is None or "listed" in was] == [
        None,
        {"listed": True},
        {"listed": False},
    ]


async def test_home_counts_the_people_whom_the_list_shows_with_access(
    tenant: Tenant, ada: Actor, admin: Actor
) -> None:
    open_poc, closed = await create_poc(ada, "Open"), await create_poc(ada, "Closed")
    await factories.create_customer(tenant, open_poc)
    await invitations.invite(ada, open_poc, RETO)
    await factories.create_customer(tenant, open_poc, first_name="Gone", active=False)
    await factories.create_customer(tenant, closed, first_name="Ended")
    await pocs.change_status(ada, closed, 1, StatusForm(status=PocStatus.CANCELLED))
    removed = await factories.create_customer(tenant, open_poc, first_name="Removed")
    await invitations.remove(ada, open_poc, removed.id)
    managed = (await home.get_home(admin)).managed
    assert managed is not None
    shown = await _names(admin, access="1")
    assert managed.figures.outside_active == len(shown)
    assert managed.figures.outside_waiting == len(await _names(admin, access="1", status="invited"))
    assert "Ended Bianchi" not in shown
    assert {"Reto Bianchi", "Zoé Bianchi"} <= set(shown)
    rows = (await listing.list_outsiders(admin, ListQuery())).rows
    assert {row.name for row in rows if row.active and row.shown} == set(shown)


async def test_the_file_says_who_sees_what(ada: Actor, admin: Actor) -> None:
    await invitations.invite(ada, await create_poc(ada), RETO)
    pieces = await listing.export_outsiders(admin, ListQuery(), ["name", "pocs", "status"])
    lines = "".join([piece async for piece in pieces]).splitlines()
    assert "Trial (Helvetia Freight AG)" in lines[1]
    assert "Invited" in lines[1]
