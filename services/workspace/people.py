"""People in the work: how they are shown, and who can be chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import CustomerPerson, Role, User
from services.access.permissions import Permission, may
from services.audit.acting import Act
from services.core.db import Transaction
from services.core.errors import InvalidInputError, NotFoundError

WORKERS = tuple(role for role in Role if may(role, Permission.RUN_POCS))


@dataclass(frozen=True)
class Person:
    """Somebody as pages show them, whether they are active or not."""

    id: UUID
    name: str
    active: bool
    is_customer: bool = False
    picture: str = ""
    """Its digest; empty where they have none."""


def person_of(user: User | CustomerPerson) -> Person:
    """A user, or somebody at a customer's, as pages show them."""
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


async def require_workers(act: Act, user_ids: Collection[UUID], field: str) -> Sequence[User]:
    """These users, who can be chosen right now; the act has locked them (`acting(…, lock=…)`).

    Raises `InvalidInputError` for the form's `field`, with a sentence that names who can't be
    chosen, and `NotFoundError` for another tenant's people.
    """
    users = []
    for user_id in user_ids:
        user = await act.tx.get(User, user_id)
        if user is None or user.tenant_id != act.tenant_id:
            raise NotFoundError("This user doesn't exist.")
        users.append(user)
    inactive = [user.full_name for user in users if not user.active]
    if inactive:
        verb, whom = ("is", "somebody") if len(inactive) == 1 else ("are", "people")
        names = " and ".join(inactive)
        raise InvalidInputError({field: f"{names} {verb} inactive. Choose {whom} active."})
    for user in users:
        if user.role not in WORKERS:
            raise InvalidInputError(
                {field: f"{user.full_name} is no Sales Engineer, and can't work on POCs."}
            )
    return users
