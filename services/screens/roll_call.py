"""Roll call: who is here now, who came and went, and how the day went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from models import Role, User
from services.core import clock
from services.database.transaction import Transaction
from services.screens import moves
from services.screens.moves import Move
from services.screens.scope import Scope
from services.screens.showing import Showing
from services.sessions import presence
from services.users import here_counts
from services.users.counts import find_counts, find_counts_of_all
from services.users.here_counts import Point

# For this long, a name that came or went stays marked.
MARKED = timedelta(seconds=60)
MOST_MOVES = 14
DAY = timedelta(days=1)
# The roles in the order of the screen, with the words for several people.
ROLES = (Role.SALES_ENGINEER, Role.ADMINISTRATOR, Role.TENANT_ADMIN)


@dataclass(frozen=True)
class PersonHere:
    """Somebody who is here, or has just left: `at` is in seconds since 1970."""

    name: str
    came: int = 0
    left: int = 0


@dataclass(frozen=True)
class RoleHere:
    """The people of one role who are here."""

    label: str
    here: int
    people: Sequence[PersonHere]


@dataclass(frozen=True)
class MoveShown:
    """Somebody came or went."""

    name: str
    at: int
    arrived: bool


@dataclass(frozen=True)
class RollCall:
    """What the view shows. Without names, only the counts and the chart."""

    here: int
    active: int
    roles: Sequence[RoleHere]
    moves: Sequence[MoveShown]
    today: Sequence[Point]
    """Of the last 24 hours: the screen knows its time zone, and when its day begins."""
    week_ago: Sequence[Point]


async def read_roll_call(tx: Transaction, scope: Scope, showing: Showing) -> RollCall:
    """The roll call, as one screen may show it."""
    now = clock.now()
    there = presence.online_ids(scope.tenant_id)
    recent = moves.latest(scope.tenant_id) if scope.tenant_id else []
    marked = {move.user_id: move for move in reversed(recent) if now - move.at < MARKED}
    users = await _users(tx, scope, there | {move.user_id for move in recent})
    here = [user for user in users.values() if user.id in there]
    of_tenant = scope.tenant_id
    counts = await find_counts(tx, of_tenant) if of_tenant else await find_counts_of_all(tx)
    roles = _roles_of(users, there, marked, showing)
    spans = (now - DAY, now), (now - 8 * DAY, now - 6 * DAY)
    today, week_ago = await here_counts.read_points(tx, of_tenant, *spans)
    return RollCall(
        here=len(here),
        active=counts.of(active=True) - counts.of(active=True, invited=True),
        roles=roles,
        moves=_shown_moves(recent, users, showing),
        today=today,
        week_ago=week_ago,
    )


async def _users(tx: Transaction, scope: Scope, ids: set[UUID]) -> dict[UUID, User]:
    if not ids:
        return {}
    found = await tx.exec(
        select(User)
        .where(scope.holds(col(User.tenant_id)), col(User.id).in_(ids))
        .order_by(col(User.name_key), col(User.id))
    )
    return {user.id: user for user in found}


def _roles_of(
    users: dict[UUID, User], there: set[UUID], marked: dict[UUID, Move], showing: Showing
) -> list[RoleHere]:
    roles = []
    for role in dict.fromkeys((*ROLES, *Role)):
        people = []
        of_role = [user for user in users.values() if user.role is role]
        for user in of_role:
            move = marked.get(user.id)
            if not showing.has_names or (user.id not in there and move is None):
                continue
            at = int(move.at.timestamp()) if move else 0
            if user.id not in there:
                people.append(PersonHere(showing.name_of(user), left=at))
            else:
                is_new = move is not None and not moves.is_return(move, user.last_sign_in_at)
                people.append(PersonHere(showing.name_of(user), came=at if is_new else 0))
        here = sum(user.id in there for user in of_role)
        if here or people:
            roles.append(RoleHere(role.label, here, people))
    return roles


def _shown_moves(
    recent: Sequence[Move], users: dict[UUID, User], showing: Showing
) -> list[MoveShown]:
    if not showing.has_names:
        return []
    shown = []
    for move in recent:
        user = users.get(move.user_id)
        if user is not None and not moves.is_return(move, user.last_sign_in_at):
            at = int(move.at.timestamp())
            shown.append(MoveShown(showing.name_of(user), at, move.arrived))
    return shown[:MOST_MOVES]
