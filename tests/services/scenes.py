"""The people for each call of a walk, all in one database: a database for each call would take most
of the walk's time."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import LinkPurpose, Role, SignInMethod, Tenant, User
from services.access import one_time_links
from services.access.actor import Actor
from services.core.db import transaction
from services.core.errors import RollcallError
from services.sessions.sessions import begin
from services.tenants.tenants import add_tenant
from tests import factories
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


async def set_scenes(calls: Collection[Call] = CALLS) -> list[Scene]:
    """Give each call an organisation of its own."""
    async with transaction() as tx:
        slugs = ["acme", *(f"acme-{number}" for number in range(2, len(calls) + 1))]
        tenants = [await add_tenant(tx, slug.title(), slug) for slug in slugs]
        actors = [_users(tenant, invited=False) for tenant in tenants]
        targets = [_users(tenant, invited=True) for tenant in tenants]
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


def _users(tenant: Tenant, *, invited: bool) -> dict[Role, User]:
    if invited:
        return {role: factories.new_user(tenant, invited=True) for role in Role}
    return {
        role: factories.new_user(None if role is Role.PLATFORM_ADMIN else tenant, role=role)
        for role in Role
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
