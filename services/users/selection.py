"""Choosing people for work: active users of the organisation, found while one types."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import Role, User
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import View, viewing
from services.core.errors import InvalidInputError
from services.core.lookalikes import mixed_letters
from services.core.names import fold, plain, words_of
from services.lists.search import find_few
from services.users.list import USERS
from services.users.row import PICTURE_DIGITS

# How many people are offered at once; further typing finds others.
OFFERED = 8


@dataclass(frozen=True)
class Person:
    """Somebody who can be chosen. `mixed` is what `lookalikes.mixed_letters` says of them."""

    id: UUID
    name: str
    email: str
    mixed: str = ""
    picture: str = ""
    """Tells this picture of theirs from others; empty if they have none."""

    @classmethod
    def of(cls, person_id: UUID, name: str, email: str, picture: str = "") -> "Person":
        """Somebody by their name and email, and their picture's digest."""
        return cls(person_id, name, email, mixed_letters(name, email), picture[:PICTURE_DIGITS])


@dataclass(frozen=True)
class Selection:
    """The first people who can be chosen, by name; whether there are more; and which of those
    chosen before can't be chosen any more."""

    people: Sequence[Person]
    has_more: bool
    gone: Sequence[UUID]


async def list_selectable(
    actor: Principal, among: Permission | None, words: str, chosen: Collection[UUID] = ()
) -> Selection:
    """The active users of the actor's tenant with this permission. Each word must be in their name
    or their email."""
    folded = words_of(fold(plain(words)))
    async with viewing(actor, Permission.SELECT_USERS) as view:
        conditions = _selectable(view, among)
        conditions += [col(User.search_key).contains(word, autoescape=True) for word in folded]
        few = await find_few(view.tx, USERS, view.tenant_id, folded) if folded else None
        if few is not None:
            conditions.append(col(User.id).in_(few))
        found = await view.tx.exec(
            select(User)
            .where(*conditions)
            .order_by(col(User.name_key), col(User.id))
            .limit(OFFERED + 1)
        )
        users = found.all()
        gone = set(chosen) - await _find_selectable(view, among, chosen)
    offered = [
        Person.of(user.id, user.full_name, user.email, user.picture) for user in users[:OFFERED]
    ]
    return Selection(offered, len(users) > OFFERED, list(gone))


async def require_selectable(
    view: View, field: str, ids: Collection[UUID], among: Permission | None = None
) -> Sequence[User]:
    """These users; refuses a form's field if somebody chosen in it can't be chosen any more.

    An act locks them first, so that none is deactivated meanwhile: `acting(…, lock=ids)`. Raises
    `InvalidInputError` with their names; somebody of another tenant is treated as if they didn't
    exist.
    """
    chosen = [await view.tx.get(User, user_id) for user_id in dict.fromkeys(ids)]
    own = [user for user in chosen if user is not None and user.tenant_id == view.tenant_id]
    roles = _roles(among)
    gone = [user for user in own if not user.active or user.role not in roles]
    if not gone and len(own) == len(chosen):
        return own
    other = f"is no {' or '.join(role.label for role in roles)}"
    sentences = [
        f"{user.full_name} {other if user.active else 'is inactive'}."
        for user in sorted(gone, key=lambda user: user.name_key)
    ]
    raise InvalidInputError({field: " ".join([*sentences, "Choose somebody else."])})


async def _find_selectable(
    view: View, among: Permission | None, ids: Collection[UUID]
) -> set[UUID]:
    if not ids:
        return set()
    found = await view.tx.exec(
        select(User.id).where(*_selectable(view, among), col(User.id).in_(ids))
    )
    return set(found)


def _selectable(view: View, among: Permission | None) -> list[ColumnElement[bool]]:
    own = USERS.within(view.tenant_id)
    return [own, col(User.active).is_(True), col(User.role).in_(_roles(among))]


def _roles(among: Permission | None) -> Sequence[Role]:
    return [role for role in Role if among is None or may(role, among)]
