"""People in the work: how they are shown, and who can be chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, func, select

from models import CLOSED_STATUSES, Poc, Role, User
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import Act, viewing
from services.core.db import Transaction
from services.core.errors import InvalidInputError, NotFoundError
from services.core.names import fold, plain, words_of

MOST_CHOICES = 20
WORKERS = tuple(role for role in Role if may(role, Permission.RUN_POCS))


@dataclass(frozen=True)
class Person:
    """Somebody as pages show them, whether they are active or not."""

    id: UUID
    name: str
    active: bool


@dataclass(frozen=True)
class Choice:
    """Somebody who can be chosen. `owns` is how many open POCs are theirs."""

    id: UUID
    name: str
    email: str
    owns: int


def person_of(user: User) -> Person:
    """A user as pages show them."""
    return Person(user.id, user.full_name, user.active)


async def find_people(tx: Transaction, ids: Collection[UUID | None]) -> dict[UUID, Person]:
    """These users, by their ids."""
    wanted = {user_id for user_id in ids if user_id is not None}
    if not wanted:
        return {}
    users = await tx.exec(select(User).where(col(User.id).in_(wanted)))
    return {user.id: person_of(user) for user in users}


async def list_choices(principal: Principal, q: str = "") -> Sequence[Choice]:
    """Who can be made an owner, a member or an assignee: active people who may work on POCs, found
    by any part of their name or email."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        owned = (
            select(func.count())
            .where(
                Poc.owner_id == User.id,
                col(Poc.archived_at).is_(None),
                col(Poc.status).not_in(CLOSED_STATUSES),
            )
            .scalar_subquery()
        )
        found = await view.tx.exec(
            select(User, owned)
            .where(
                User.tenant_id == view.tenant_id,
                User.active,
                col(User.role).in_(WORKERS),
                *(
                    col(User.search_key).contains(word, autoescape=True)
                    for word in words_of(fold(plain(q)))
                ),
            )
            .order_by(col(User.name_key), col(User.id))
            .limit(MOST_CHOICES)
        )
        return [Choice(user.id, user.full_name, user.email, owns) for user, owns in found]


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
