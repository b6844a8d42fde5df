"""People in the work: how they are shown, and who can be chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlmodel import col, select

from models import CustomerPerson, User
from services.access.permissions import Permission, may
from services.audit.acting import Act
from services.audit.subjects import Named, look_up
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
    email: str = ""
    """For the team's pages alone."""
    named: Named = field(default_factory=Named)
    """What tells them apart where their name needs a close look, where `told_apart` has asked."""


def person_of(user: User | CustomerPerson) -> Person:
    """A user or a customer's person, as pages show them."""
    person = Person(user.id, user.full_name, user.active, email=user.email)
    if isinstance(user, CustomerPerson):
        return replace(person, is_customer=True)
    return replace(person, picture=user.picture)


async def told_apart(
    tx: Transaction, tenant_id: UUID | None, people: Collection[Person]
) -> dict[UUID, Person]:
    """These people of an organisation, by their ids, with what tells them apart from others there
    whose names look alike."""
    known = await look_up(tx, tenant_id, [(one.id, one.name) for one in people])
    return {one.id: replace(one, named=known.named(one.id, one.name)) for one in people}


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
        return await _told_apart(tx, user) if user is not None and works else None


async def find_customer(customer_id: UUID) -> Person | None:
    """A customer's person as they are now, to tell the open pages."""
    async with reading() as tx:
        person = await tx.get(CustomerPerson, customer_id)
        return await _told_apart(tx, person) if person else None


async def _told_apart(tx: Transaction, row: User | CustomerPerson) -> Person:
    return (await told_apart(tx, row.tenant_id, [person_of(row)]))[row.id]


async def require_workers(act: Act, user_ids: Collection[UUID], field: str) -> Sequence[User]:
    """These users, who can be chosen for work right now; the act has locked them
    (`acting(…, lock=…)`).

    Raises what `require_selectable` raises, and `NotFoundError` for another tenant's people.
    """
    for user_id in user_ids:
        await act.get(User, user_id)
    return await require_selectable(act, field, user_ids, Permission.RUN_POCS)
