"""The people for each call of a walk, all in one database: a database for each call would take most
of the walk's time."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import LinkPurpose, Role, SignInMethod, Tenant, User
from services.access import one_time_links
from services.access.actor import Actor
from services.core.errors import RollcallError
from services.database import runtime
from services.database.transaction import transaction
from services.sessions.sessions import begin
from services.tenants.tenants import add_tenant
from tests import factories, sizes
from tests.services.call import Call
from tests.services.calls import CALLS


@dataclass(frozen=True)
class Scene:
    """An organisation that a call has for itself: who acts in each role, and an invited user for
    each of them to act on."""

    call: Call
    tenant: Tenant
    actors: dict[Role, Actor]
    targets: dict[Role, UUID]


def every_role(_call: Call) -> list[Role]:
    """All of them."""
    return list(Role)


def enough_roles(call: Call) -> list[Role]:
    """The roles for a walk that finds nothing more on the second database by all of them.

    On SQLite, and in full, every role. On PostgreSQL those of `two_roles`, by which all of the
    call's SQL is run there too: what differs between two that may is decided in Python, the same
    way on both.
    """
    return every_role(call) if runtime.current().database.is_sqlite else two_roles(call)


def two_roles(call: Call) -> list[Role]:
    """The roles for a walk that asks nothing about roles: one that may make the call, and one that
    may not. In full, every role."""
    if sizes.soak:
        return every_role(call)
    within = sorted(Role, key=lambda role: role is Role.PLATFORM_ADMIN)  # it is above the tenants
    may = [role for role in within if role in call.allowed]
    may_not = [role for role in within if role not in call.allowed]
    return [*may[:1], *may_not[:1]]


def one_who_may(call: Call) -> list[Role]:
    """For a walk in which those who may not are walked on the other database. In full, every
    role."""
    return [role for role in two_roles(call) if sizes.soak or role in call.allowed]


async def set_scenes(
    calls: Collection[Call] = CALLS, roles: Callable[[Call], Iterable[Role]] = every_role
) -> list[Scene]:
    """Give each call an organisation of its own, with somebody in each of these roles."""
    async with transaction() as tx:
        slugs = ["acme", *(f"acme-{number}" for number in range(2, len(calls) + 1))]
        tenants = [await add_tenant(tx, slug.title(), slug) for slug in slugs]
        people = list(zip(tenants, map(roles, calls), strict=True))
        actors = [_users(tenant, those, invited=False) for tenant, those in people]
        targets = [_users(tenant, those, invited=True) for tenant, those in people]
        tx.add_all([user for users in [*actors, *targets] for user in users.values()])
        await tx.flush()
        for users in targets:
            for user in users.values():
                one_time_links.issue(tx, LinkPurpose.INVITATION, user.id)
        return [
            Scene(
                call,
                tenant,
                {role: _sign_in(tx, user, tenant) for role, user in acting.items()},
                {role: user.id for role, user in invited.items()},
            )
            for call, tenant, acting, invited in zip(calls, tenants, actors, targets, strict=True)
        ]


def _users(tenant: Tenant, roles: Iterable[Role], *, invited: bool) -> dict[Role, User]:
    if invited:
        return {role: factories.new_user(tenant, invited=True) for role in roles}
    return {
        role: factories.new_user(None if role is Role.PLATFORM_ADMIN else tenant, role=role)
        for role in roles
    }


def _sign_in(tx: Any, user: User, tenant: Tenant) -> Actor:
    session, _ = begin(tx, user, factories.CALLER, SignInMethod.PASSWORD)
    return Actor(session.id, user.id, tenant.id, factories.CALLER.ip)


@contextmanager
def named(call: Call) -> Iterator[None]:
    """Let an error in the block say which call it belongs to."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in {call.name}")
        raise


async def refusal_of(call: Call, actor: Actor, target: UUID) -> type[RollcallError] | None:
    """By which error the call is refused; none where it isn't."""
    with named(call):
        try:
            await call.run(actor, target)
        except RollcallError as error:
            return type(error)
    return None
