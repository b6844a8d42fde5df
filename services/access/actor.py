"""Who is acting, and the check that every service call makes in its own transaction."""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import sqlalchemy
from sqlalchemy import and_, bindparam
from sqlmodel import col, select

from models import LoginSession, Role, SessionKind, Tenant, User
from services.access import second_factor_policy
from services.access.permissions import SECRETS, Permission, Secret, may
from services.core import clock, logs
from services.core.errors import (
    FreshSignInNeededError,
    NotAllowedError,
    NotFoundError,
    SecondFactorRequiredError,
    SessionEndedError,
)
from services.core.names import is_slug
from services.database import runtime
from services.database.prepared import Prepared, Whole
from services.database.transaction import LOCKED, Transaction

log = logging.getLogger(__name__)

# How old a proof of identity may be for a sensitive act. OWASP ASVS 5.0, 7.5.1 and 7.5.3, ask for
# a renewed one without a figure; this is the shortest that doesn't nag an admin at work.
FRESH_FOR = timedelta(minutes=15)


IS_ACTIVE = col(User.active).is_not(False)
"""`User.active`, for queries in which another condition leaves few rows. It is written so that
SQLite doesn't choose an index of active users: it doesn't know that nearly everybody is active."""


class OfTenant(Protocol):
    """A row that belongs to one tenant, or to none."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant that it belongs to."""


RowT = TypeVar("RowT", bound=OfTenant)


class Principal(Protocol):
    """Who acts: somebody signed in, Rollcall itself, or another kind of caller. Each answers for
    itself what it may do; all of them go through `authorize`."""

    @property
    def session_id(self) -> UUID | None:
        """The session in which somebody acts; none where Rollcall does."""

    @property
    def holder_id(self) -> UUID | None:
        """Whose session it is: the user's id, or that of a customer's person or of a screen."""

    @property
    def user_id(self) -> UUID | None:
        """The user who acts; none where no user does."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant in which they work; none above the tenants."""

    @property
    def ip(self) -> str:
        """The IP address that the audit log shows."""

    @property
    def name(self) -> str:
        """What the audit log calls them if no user acts."""

    def reaches(self, tenant_id: UUID | None) -> bool:
        """Whether the rows of this tenant (or of none) exist for them."""

    async def check(
        self, tx: Transaction, permission: Permission, *, fresh: bool, writes: bool
    ) -> User | None:
        """Raise unless they may do this right now; returns the user who acts, if one does.

        `fresh` asks for a proof of identity within `FRESH_FOR`. `writes` says that something is
        about to be changed: then the user is locked.
        """


@dataclass(frozen=True)
class Actor:
    """A signed-in person at work in one tenant, or above the tenants if the tenant is none.

    Users of a tenant act in their own; a Platform Admin acts in the one that they entered. Holding
    an Actor proves nothing: `check` asks the database, every time.
    """

    kind: ClassVar[SessionKind] = SessionKind.USER
    session_id: UUID
    user_id: UUID
    tenant_id: UUID | None
    ip: str = ""

    @property
    def holder_id(self) -> UUID:
        """Whose session it is."""
        return self.user_id

    @property
    def name(self) -> str:
        """Empty: the log names the user."""
        return ""

    def reaches(self, tenant_id: UUID | None) -> bool:
        """Whether it is the tenant in which they work."""
        return tenant_id == self.tenant_id

    async def check(
        self, tx: Transaction, permission: Permission, *, fresh: bool, writes: bool
    ) -> User:
        """Ask the database whether the session is alive and the user's role permits this.

        Raises `SessionEndedError`, `NotAllowedError`, `SecondFactorRequiredError`,
        `FreshSignInNeededError`.
        """
        session, user = await _require_session(tx, self, permission)
        if fresh and not is_fresh(session):
            raise FreshSignInNeededError
        if writes:
            # A change shows that the user is present: the session's idle time starts again.
            settings = runtime.current().settings
            lasting = settings.session_idle, settings.session_max
            tx.along_with_events(partial(session.seen, clock.now(), *lasting))
        return user


@dataclass(frozen=True)
class Operator:
    """Rollcall itself, or the person at its command line: not signed in, and above all tenants."""

    name: str
    tenant_id: UUID | None = None
    ip: str = ""
    session_id: None = field(default=None, init=False)
    user_id: None = field(default=None, init=False)
    holder_id: None = field(default=None, init=False)

    def reaches(self, tenant_id: UUID | None) -> bool:
        """Everything exists for the person at the command line."""
        return True

    async def check(
        self, tx: Transaction, permission: Permission, *, fresh: bool, writes: bool
    ) -> None:
        """Always allowed: the person at the command line has the database too."""


COMMAND_LINE = Operator("Command line")
ROLLCALL = Operator("Rollcall")


async def authorize(
    tx: Transaction,
    principal: Principal,
    permission: Permission | Secret,
    *,
    lock: Collection[UUID] = (),
    fresh: bool = False,
) -> User | None:
    """Check that the principal may do this, right now; returns the user who acts, if one does.
    `services.audit.acting` is the usual way in; this is for what doesn't fit there.

    A call that writes passes in `lock` the ids of the users that it will decide about (its own
    user's if it is about nobody else). They are locked together with the one who acts, in the order
    of their ids, so that two calls about each other come one after the other, and the second sees
    what the first did. SQLite has one writer at a time, and needs no locks.

    `fresh` is for sensitive acts: the caller must have proved who they are within `FRESH_FOR`. A
    call that hands out a secret names the secret instead of a permission: `permissions.SECRETS`
    says what it takes.

    Raises what the principal's `check` raises.
    """
    writes = bool(lock) and not tx.only_looks
    if writes:
        own = () if principal.user_id is None else (principal.user_id,)
        if runtime.current().database.is_sqlite and principal.session_id is not None:
            await _read_together(tx, principal.session_id, {*own, *lock})
        else:
            await lock_users(tx, {*own, *lock})
    if isinstance(permission, Secret):
        rule = SECRETS[permission]
        permission, fresh = rule.permission, fresh or rule.fresh
    return await principal.check(tx, permission, fresh=fresh, writes=writes)


def is_fresh(session: LoginSession) -> bool:
    """Whether the session's user proved who they are a short while ago."""
    # A proof from the future was made before the clock stepped back: its age is unknown.
    return abs(clock.now() - session.authenticated_at) <= FRESH_FOR


_LOCKED = (
    select(User)
    .where(col(User.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(User.id))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


async def lock_users(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, User]:
    """Lock these users until the transaction ends, in the order of their ids; returns those who
    exist, as they are now."""
    if not ids:
        return {}
    locked = await tx.exec(_LOCKED, params={"ids": list(ids)})
    users = {user.id: user for user in locked}
    tx.hold(*users.values())
    return users


_ACTS = "who acts"
"""Where a transaction keeps the session that was read together with users, until it is checked."""

# Built once, because every call asks it: building it takes as long as running it.
_SESSION = (
    select(LoginSession, User, col(Tenant.second_factor_policy))
    .join(User, col(User.id) == col(LoginSession.user_id))
    .join(Tenant, col(Tenant.id) == col(User.tenant_id), isouter=True)
    .where(LoginSession.id == bindparam("session_id"), LoginSession.user_id == bindparam("user_id"))
    .execution_options(populate_existing=True)
)


# The same, and users besides, in one statement. PostgreSQL mustn't be asked so: after waiting for a
# locked user, it would answer with the session as it was before (its manual, 13.2.1).
_USERS, _SESSIONS = Whole(User), Whole(LoginSession)
_SESSION_AND_USERS = Prepared(
    sqlalchemy.select(*_USERS.columns, *_SESSIONS.columns, col(Tenant.second_factor_policy))
    .select_from(User)
    .join(
        LoginSession,
        and_(
            col(LoginSession.id) == bindparam("session_id"),
            col(LoginSession.user_id) == col(User.id),
        ),
        isouter=True,
    )
    .join(Tenant, col(Tenant.id) == col(User.tenant_id), isouter=True)
    .where(col(User.id).in_(bindparam("ids", expanding=True))),
    sees_changes=True,
)


async def _read_together(tx: Transaction, session_id: UUID, ids: Collection[UUID]) -> None:
    """Read the users who are decided about, and the session that decides, where nothing has to be
    locked. `_require_session` then needs no statement of its own."""
    for row in await _SESSION_AND_USERS.rows(tx, session_id=session_id, ids=list(ids)):
        values = iter(row)
        user, session = _USERS.take(tx, values), _SESSIONS.take(tx, values)
        tx.hold(user)
        if session is not None:
            tx.info[_ACTS] = session, user, next(values)


async def _require_session(
    tx: Transaction, actor: Actor, permission: Permission
) -> tuple[LoginSession, User]:
    found = tx.info.pop(_ACTS, None)
    if found is None or (found[0].id, found[1].id) != (actor.session_id, actor.user_id):
        found = await _read_session(tx, actor)
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


async def _read_session(tx: Transaction, actor: Actor) -> Any:
    if runtime.current().database.is_sqlite:
        await _read_together(tx, actor.session_id, {actor.user_id})
        return tx.info.pop(_ACTS, None)
    asked = {"session_id": actor.session_id, "user_id": actor.user_id}
    return (await tx.exec(_SESSION, params=asked)).first()


async def get_row(
    tx: Transaction,
    principal: Principal,
    table: type[RowT],
    row_id: UUID,
    *,
    lock: bool = False,
) -> RowT:
    """A row of the tenant in which the principal works.

    Raises `NotFoundError` if there is none, and in the same words if it belongs to another tenant.
    """
    row = None if lock else tx.known(table, row_id)
    if row is None:
        row = await tx.get(table, row_id, **(LOCKED if lock else {}))
    if row is not None and not principal.reaches(row.tenant_id):
        log.warning("Refused: %s %s, of another tenant", noun_of(table), row_id)
        row = None
    if row is None:
        raise NotFoundError(f"This {noun_of(table)} doesn't exist.")
    return row


def noun_of(table: type[OfTenant]) -> str:
    """What a person calls a row of this table: "task template" for `TaskTemplate`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", table.__name__).lower()


# Built once: every sign-in and every invitation asks it.
_OPEN_TENANT = (
    select(Tenant)
    .where(Tenant.id == bindparam("tenant_id"))
    .with_for_update(read=True)
    .execution_options(populate_existing=True)
)


async def is_open(tx: Transaction, tenant_id: UUID | None) -> bool:
    """Whether a tenant's users may sign in; the answer stays true until the transaction ends."""
    if tenant_id is None:
        return True
    tenant = (await tx.exec(_OPEN_TENANT, params={"tenant_id": tenant_id})).one()
    tx.hold(tenant)
    return tenant.closed_at is None


_BY_SLUG = select(Tenant).where(Tenant.slug == bindparam("slug"))


async def find_open_tenant(tx: Transaction, slug: str | None) -> Tenant | None:
    """The tenant with this slug, if it exists and isn't closed."""
    tenant = await find_tenant(tx, slug)
    return tenant if tenant is not None and tenant.closed_at is None else None


async def find_tenant(tx: Transaction, slug: str | None) -> Tenant | None:
    """The tenant with this slug, if it exists."""
    if slug is None or not is_slug(slug):
        return None
    return (await tx.exec(_BY_SLUG, params={"slug": slug})).first()
