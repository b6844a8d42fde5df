"""People in the work: how they are shown, and who can be chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import CustomerPerson, User
from services.access.permissions import Permission, may
from services.audit.acting import Act
from services.database.transaction import Transaction, reading
from services.users.selection import require_selectable


@dataclass(frozen=True)
class Person:
    """Somebody as pages show them, whether they are active or not."""

    id: UUID
    name: str
    active: bool
    is_customer: bool = False
    picture: str = ""
    """The picture's digest; empty if they have none."""


def person_of(user: User | CustomerPerson) -> Person:
    """A user or a customer's person, as pages show them."""
    if isinstance(user, CustomerPerson):
        return Person(user.id, user.full_name, user.active, is_customer=True)
    return Person(user.id, user.full_name, user.active, picture=user.picture)


async def find_people(tx: Transaction, ids: Collection[UUID | None]) -> dict[UUID, Person]:
    """These users and customers' people, by their ids."""
    wanted = {person_id for person_id in ids if person_id is not None}
    if not wanted:
        return {}
    users = await tx.exec(select(User).where(col(User.id).in_(wanted)))
    found = {user.id: person_of(user) for user in users}
    if others := wanted - found.keys():
        outside = await tx.exec(select(CustomerPerson).where(col(CustomerPerson.id).in_(others)))
        found |= {person.id: person_of(person) for person in outside}
    return found


async def find_worker(user_id: UUID) -> Person | None:
    """A user as they are now, to tell the open pages; none if the work shows nothing of them."""
    async with reading() as tx:
        user = await tx.get(User, user_id)
        works = user is not None and (
            may(user.role, Permission.RUN_POCS) or may(user.role, Permission.CREATE_TEMPLATES)
        )
        return person_of(user) if user is not None and works else None


async def find_customer(customer_id: UUID) -> Person | None:
    """A customer's person as they are now, to tell the open pages."""
    async with reading() as tx:
        person = await tx.get(CustomerPerson, customer_id)
        return person_of(person) if person else None


async def require_workers(act: Act, user_ids: Collection[UUID], field: str) -> Sequence[User]:
    """These users, who can be chosen for work right now; the act has locked them
    (`acting(…, lock=…)`).

    Raises what `require_selectable` raises, and `NotFoundError` for another tenant's people.
    """
    for user_id in user_ids:
        await act.get(User, user_id)
    return await require_selectable(act, field, user_ids, Permission.RUN_POCS)
