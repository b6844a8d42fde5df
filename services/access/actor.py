"""Who is acting, and the check that every service call makes in its own transaction."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from models import LoginSession, Role, Tenant, User
from services.access import second_factor_policy
from services.access.permissions import SECRETS, Permission, Secret, may
from services.core import clock, logs, runtime
from services.core.db import Transaction
from services.core.errors import (
    FreshSignInNeededError,
    NotAllowedError,
    NotFoundError,
    SecondFactorRequiredError,
    SessionEndedError,
)
from services.core.names import is_slug

log = logging.getLogger(__name__)

# How old a proof of identity may be for a sensitive act. OWASP ASVS 5.0, 7.5.1 and 7.5.3, ask for
# a renewed one without a figure; this is the shortest that doesn't nag an admin at work.
FRESH_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Actor:
    """A signed-in person at work in one tenant, or above the tenants where it is none.

    For a tenant's users it is their own tenant; a Platform Admin acts in the one they entered.
    Holding an Actor proves nothing: `authorize` asks the database, every time.
    """

    session_id: UUID
    user_id: UUID
    tenant_id: UUID | None
    address: str = ""


@dataclass(frozen=True)
class Operator:
    """Rollcall itself, or whoever has its command line: not signed in, and above all tenants."""

    name: str
    tenant_id: UUID | None = None
    address: str = ""
    session_id: None = field(default=None, init=False)
    user_id: None = field(default=None, init=False)


COMMAND_LINE = Operator("Command line")
ROLLCALL = Operator("Rollcall")

Acting = Actor | Operator


async def authorize(
    tx: Transaction,
    actor: Acting,
    permission: Permission | Secret,
    *,
    lock: Collection[UUID] = (),
    fresh: bool = False,
) -> User | None:
    """Check that the actor's session is alive and its role permits this; return the acting user.

    A call that writes passes in `lock` the ids of the users that it will decide about (an empty
    one for the actor alone needs `lock=(actor.user_id,)`). They are locked with the actor, in the
    order of their ids, so that two calls about each other come one after the other and the second
    sees what the first did. SQLite has one writer at a time, and needs no locks. `fresh` is for
    sensitive acts: the actor must have proved who they are within `FRESH_FOR`. A call that hands
    out a secret names that instead of a permission: `permissions.SECRETS` says what it takes.

    Raises `SessionEndedError`, `NotAllowedError`, `SecondFactorRequiredError`,
    `FreshSignInNeededError`.
    """
    if isinstance(actor, Operator):
        await lock_users(tx, lock)
        return None
    if lock and not tx.only_looks:
        await lock_users(tx, {actor.user_id, *lock})
    if isinstance(permission, Secret):
        rule = SECRETS[permission]
        permission, fresh = rule.permission, fresh or rule.fresh
    session, user = await require_session(tx, actor, permission)
    if fresh and not is_fresh(session):
        raise FreshSignInNeededError
    if lock and not tx.only_looks:
        # Whoever changes something is there: the session's idle time starts again.
        settings = runtime.current().settings
        session.seen(clock.now(), settings.session_idle, settings.session_max)
    return user


def is_fresh(session: LoginSession) -> bool:
    """Whether the session's user proved who they are a short while ago."""
    # A proof from the future is from before the clock stepped back: nobody knows how old it is.
    return abs(clock.now() - session.authenticated_at) <= FRESH_FOR


async def lock_users(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, User]:
    """Lock these users until the transaction ends, in the order of their ids; returns those that
    there are, as they are now."""
    if not ids:
        return {}
    locked = await tx.exec(
        select(User)
        .where(col(User.id).in_(list(ids)))
        .order_by(col(User.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    users = {user.id: user for user in locked}
    # A session of SQLAlchemy holds its rows only weakly: whoever asks for one of these next would
    # have it read once more.
    tx.info.setdefault("locked", []).extend(users.values())
    return users


async def require_session(
    tx: Transaction, actor: Actor, permission: Permission
) -> tuple[LoginSession, User]:
    """The check itself, without locks."""
    found = (
        await tx.exec(
            select(LoginSession, User, col(Tenant.second_factor_policy))
            .join(User, col(User.id) == col(LoginSession.user_id))
            .join(Tenant, col(Tenant.id) == col(User.tenant_id), isouter=True)
            .where(LoginSession.id == actor.session_id, LoginSession.user_id == actor.user_id)
            .execution_options(populate_existing=True)
        )
    ).first()
    if found is None:
        raise SessionEndedError
    session, user, policy = found
    if not session.is_alive(clock.now()) or not user.active:
        raise SessionEndedError(session.end_reason)
    logs.acting(user.id)
    if user.tenant_id != actor.tenant_id and user.role is not Role.PLATFORM_ADMIN:
        log.warning("Refused: %s in another tenant, %s", permission.name, actor.tenant_id)
        raise NotFoundError
    if not may(user.role, permission):
        log.warning("Refused: %s to a %s", permission.name, user.role.label)
        raise NotAllowedError
    if permission not in second_factor_policy.WITHOUT and await second_factor_policy.lacks(
        tx, user, session.method, policy
    ):
        raise SecondFactorRequiredError
    return session, user


async def get_user(tx: Transaction, actor: Acting, user_id: UUID) -> User:
    """A user of the tenant in which the actor works; raises `NotFoundError` for any other."""
    user = await tx.get(User, user_id)
    if user is not None and isinstance(actor, Actor) and user.tenant_id != actor.tenant_id:
        log.warning("Refused: user %s, of another tenant", user_id)
        user = None
    if user is None:
        raise NotFoundError("This user doesn't exist.")
    return user


async def get_tenant(tx: Transaction, actor: Actor, *, lock: bool = False) -> Tenant:
    """The tenant in which the actor works; raises `NotFoundError` above the tenants."""
    tenant = (
        await tx.get(Tenant, actor.tenant_id, with_for_update=lock) if actor.tenant_id else None
    )
    if tenant is None:
        raise NotFoundError
    return tenant


async def is_open(tx: Transaction, tenant_id: UUID | None) -> bool:
    """Whether a tenant's users may be let in; it stays as it is until the transaction ends."""
    if tenant_id is None:
        return True
    closed_at = await tx.exec(
        select(Tenant.closed_at).where(Tenant.id == tenant_id).with_for_update(read=True)
    )
    return closed_at.one() is None


async def find_open_tenant(tx: Transaction, slug: str | None) -> Tenant | None:
    """The tenant at this address, if there is one that isn't closed."""
    tenant = await find_tenant(tx, slug)
    return tenant if tenant is not None and tenant.closed_at is None else None


async def find_tenant(tx: Transaction, slug: str | None) -> Tenant | None:
    """The tenant at this address, if there is one."""
    if slug is None or not is_slug(slug):
        return None
    return (await tx.exec(select(Tenant).where(Tenant.slug == slug))).first()
