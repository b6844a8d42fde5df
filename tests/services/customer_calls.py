"""The service calls of users about a customer's people, each on rows that are put there for it."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from models import Role
from services.access.actor import Actor
from services.workspace import assigning
from services.workspace.customers import invitations, people
from services.workspace.customers.invitations import CustomerForm
from tests.services.call import EVERYONE, MANAGERS
from tests.services.workspace.rows import Rows

WORKERS = {Role.SALES_ENGINEER}


def _customer() -> CustomerForm:
    email = f"{uuid4().hex}@helvetia.example"
    return CustomerForm(first_name="New", last_name="Person", email=email)


CUSTOMER_ROWS: list[tuple[str, set[Role], Callable[[Actor, Rows, UUID], Awaitable[object]]]] = [
    (
        "customers.people.list_of_poc",
        EVERYONE,
        lambda a, r, _: people.list_of_poc(a, r.poc),
    ),
    (
        "assigning.list_assignable",
        EVERYONE,
        lambda a, r, _: assigning.list_assignable(a, r.poc, "reto"),
    ),
    (
        "customers.people.set_active_of_poc",
        WORKERS,
        lambda a, r, _: people.set_active_of_poc(a, r.poc, r.customer, active=False),
    ),
    (
        "customers.people.set_active",
        MANAGERS,
        lambda a, r, _: people.set_active(a, r.customer, active=False),
    ),
    (
        "customers.invitations.invite",
        WORKERS,
        lambda a, r, _: invitations.invite(a, r.poc, _customer()),
    ),
    (
        "customers.invitations.resend",
        WORKERS,
        lambda a, r, _: invitations.resend(a, r.poc, r.customer),
    ),
    (
        "customers.invitations.copy_link",
        WORKERS,
        lambda a, r, _: invitations.copy_link(a, r.poc, r.customer),
    ),
    (
        "customers.invitations.remove",
        WORKERS,
        lambda a, r, _: invitations.remove(a, r.poc, r.customer),
    ),
]
