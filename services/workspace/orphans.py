"""The work of everybody who left: visible until somebody active has it (`handover` gives it)."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, func, literal, select, union_all

from models import Poc, Task, TaskGroup, User
from services.audit.acting import View
from services.workspace.left import is_open, person_in, select_alone

MOST = 50
"""How many people who left work are shown at first, and how many more each time; the latest
first."""


@dataclass(frozen=True)
class LeftWork:
    """What an inactive user still has in open POCs: POCs that they own, and tasks and groups that
    only they have."""

    user_id: UUID
    name: str
    picture: str
    since: datetime | None
    pocs: int
    tasks: int
    groups: int


class Orphaned(NamedTuple):
    """People who left work, the latest first, and how many more there are."""

    people: Sequence[LeftWork]
    more: int


async def find_left_work(view: View, most: int = MOST) -> Orphaned:
    """The people who left work in the tenant of the principal, the latest first and at most this
    many, for a call that knows who asks."""
    counts = await _count(view)
    if not counts:
        return Orphaned([], 0)
    users = await view.tx.exec(
        select(User)
        .where(col(User.id).in_(counts))
        .order_by(col(User.deactivated_at).desc(), col(User.id))
        .limit(most)
    )
    people = [
        LeftWork(
            user_id=user.id,
            name=user.full_name,
            picture=user.picture,
            since=user.deactivated_at,
            **{kind: counts[user.id][kind] for kind in ("pocs", "tasks", "groups")},
        )
        for user in users
    ]
    return Orphaned(people, len(counts) - len(people))


async def _count(view: View) -> dict[UUID, Counter[str]]:
    """How many open POCs each inactive user owns, and how many open tasks and groups each of them
    has, and nobody active."""
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    of_tenant = (Poc.tenant_id == view.tenant_id, ~col(User.active))
    owned = (
        select(literal("pocs"), Poc.owner_id, func.count())
        .join(User, col(User.id) == Poc.owner_id)
        .where(*is_open(), *of_tenant)
        .group_by(col(Poc.owner_id))
    )
    alone = [
        select_alone(kind, literal(name), person_in(kind), func.count())
        .join(User, col(User.id) == person_in(kind))
        .where(*of_tenant)
        .group_by(person_in(kind))
        for name, kind in (("tasks", Task), ("groups", TaskGroup))
    ]
    together: Any = union_all(owned, *alone)
    for name, user_id, count in await view.tx.exec(together):
        counts[user_id][name] = count
    return counts
