"""The acts on many of the customers' people at once."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from models import BulkKind, CustomerPerson
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, View
from services.bulk.each import each
from services.bulk.kinds import Fate, Kept, words
from services.users.fates import ACTIVE, INACTIVE, OUT
from services.users.many import note_of_people
from services.workspace.customers.actions import CustomerAction
from services.workspace.customers.list import OUTSIDERS
from services.workspace.customers.people import switch

BACK = Fate(
    "back",
    "may come in again",
    "may come in again",
    "Activated",
    changes=True,
    note="Their old links stay dead: each comes in with a new one.",
)


async def _judge(
    fate: Fate,
    other: Fate,
    active: bool,
    _view: View,
    people: Sequence[CustomerPerson],
    _chosen: Sequence[Kept],
) -> list[Fate]:
    return [other if person.active == active else fate for person in people]


async def _switch(active: bool, act: Act, person: CustomerPerson, _chosen: Kept) -> UUID | None:
    return (await switch(act, person, active)).cause


_each = partial(
    each,
    CustomerPerson,
    rows=OUTSIDERS,
    name=lambda person: person.full_name,
    version=lambda person: person.status_version,  # other changes are no reason to hold a switch up
    permission=Permission.SWITCH_USERS,
    looks=Permission.SWITCH_USERS,
    file=Secret.CUSTOMERS_EXPORT,
    note=note_of_people,
    of_people=True,
)

CUSTOMER_ACTS = (
    _each(
        kind=BulkKind.DEACTIVATE_CUSTOMERS,
        opposite=BulkKind.ACTIVATE_CUSTOMERS,
        action=CustomerAction.MANY_DEACTIVATED,
        words=words("customer", "Deactivate", "Deactivating", "deactivated"),
        judge=partial(_judge, OUT, INACTIVE, False),
        change=partial(_switch, False),
        fates=(OUT, INACTIVE),
        danger=True,
        cuts=True,
    ),
    _each(
        kind=BulkKind.ACTIVATE_CUSTOMERS,
        opposite=BulkKind.DEACTIVATE_CUSTOMERS,
        action=CustomerAction.MANY_ACTIVATED,
        words=words("customer", "Activate", "Activating", "activated"),
        judge=partial(_judge, BACK, ACTIVE, True),
        change=partial(_switch, True),
        fates=(BACK, ACTIVE),
    ),
)
