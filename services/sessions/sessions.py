"""Login sessions: how one begins, is recognised, lives on, and ends."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select, update

from models import (
    SEEN_EVERY,
    CustomerPerson,
    EndReason,
    LinkPurpose,
    LoginSession,
    Role,
    SignInMethod,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.actor import Actor, Principal
from services.access.outsiders import SessionActor
from services.access.permissions import Permission
from services.access.second_factor_policy import lacks
from services.audit.acting import acting, viewing
from services.core import clock, logs
from services.core.errors import NotFoundError, SessionEndedError
from services.core.secrets import new_token, token_hash
from services.database import runtime
from services.database.looking import looks_first
from services.database.prepared import Prepared
from services.database.transaction import Transaction, reading, transaction
from services.sessions import holders, known_devices
from services.sessions.actions import SessionAction
from services.sessions.devices import describe_device
from services.sessions.events import SessionsEnded
from services.sessions.holders import Holder
from services.sessions.visitors import find_visitor

# A script may sign in all day; a person who looks for a session to end finds it among the latest.
MOST_LISTED = 20


@dataclass(frozen=True)
class Caller:
    """Where a request comes from. `device` is what its browser keeps so that it is known again."""

    ip: str = ""
    user_agent: str = ""
    device: str = field(default="", repr=False)


@dataclass(frozen=True)
class Visit:
    """A recognised visitor of one page: who acts, and what the page's frame shows of them."""

    actor: Actor
    user_id: UUID
    name: str
    email: str
    role: Role
    tenant_slug: str | None
    tenant_name: str | None
    expires_at: datetime
    seen_at: datetime
    lacks_second_factor: bool = False
    tenant_logo: str = ""  # its digest; empty if it has none
    tenant_closed: bool = False
    time_zone: str = ""  # in which the tenant's days begin; empty above the tenants

    @property
    def above_tenants(self) -> bool:
        """Whether the visitor is a Platform Admin, who enters any tenant and belongs to none."""
        return self.role is Role.PLATFORM_ADMIN


@dataclass(frozen=True)
class OpenSession:
    """A session in the list of a user's open sessions."""

    id: UUID
    device: str
    ip: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


@dataclass(frozen=True)
class Living:
    """Sessions of one holder that live, and the audit entry of the act that ends them."""

    holder: Holder
    ids: Collection[UUID]
    cause: UUID


def begin(
    tx: Transaction, holder: Holder, caller: Caller, method: SignInMethod
) -> tuple[LoginSession, str]:
    """Begin a session in this transaction; returns its row and the token for the cookie."""
    idle, longest = holders.lasting(holder)
    now = clock.now()
    token = new_token()
    session = LoginSession(
        token_hash=token_hash(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + min(idle, longest),
        authenticated_at=now,
        method=method,
        ip=caller.ip[:64],
        device=describe_device(caller.user_agent),
    )
    holders.give(session, holder)
    tx.add(session)
    return session, token


async def end(
    tx: Transaction,
    holder: Holder,
    reason: EndReason,
    *,
    cause: UUID,
    only: Collection[UUID] | None = None,
    keep: UUID | None = None,
) -> int:
    """End sessions of their holder, whom the caller has locked (all, or `only` these; never
    `keep`), and have their pages closed. Returns how many ended."""
    ids = await find_living(tx, holder, only=only, keep=keep)
    return await end_living(tx, [Living(holder, ids, cause)], reason)


async def end_living(
    tx: Transaction, living: Sequence[Living], reason: EndReason, *, run_id: UUID | None = None
) -> int:
    """End these sessions, which were found alive after their holders were locked; otherwise like
    `end`. Those of several holders end by one statement, perhaps in an act on many (`run_id`)."""
    ids = [session_id for each in living for session_id in each.ids]
    if not ids:
        return 0
    await _END.rows(tx, ids=ids, ended_at=clock.now(), end_reason=reason)
    for each in living:
        if each.ids:
            tx.publish(
                SessionsEnded(
                    tenant_id=each.holder.tenant_id,
                    user_id=each.holder.id,
                    session_ids=tuple(each.ids),
                    reason=reason,
                    cause=each.cause,
                    run_id=run_id,
                )
            )
    return len(ids)


async def find_living(
    tx: Transaction,
    holder: Holder,
    *,
    only: Collection[UUID] | None = None,
    keep: UUID | None = None,
) -> list[UUID]:
    """The holder's sessions that haven't ended: all, or of `only` these; never `keep`."""
    query = select(LoginSession.id).where(
        holders.is_of(holder),
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.expires_at) > clock.now(),
    )
    if only is not None:
        query = query.where(col(LoginSession.id).in_(list(only)))
    return [session_id for session_id in await tx.exec(query) if session_id != keep]


async def find_session_id(token: str | None) -> UUID | None:
    """The id of the live session that a cookie stands for, or none."""
    if not token:
        return None
    async with reading() as tx:
        rows = await _LIVING.rows(tx, token_hash=token_hash(token), now=clock.now())
        return rows[0] if rows else None


async def recognise(token: str | None, slug: str | None, caller: Caller) -> Visit:
    """Who visits a page of the tenant with this slug (or, without a slug, above the tenants).

    Raises `SessionEndedError` if nobody is signed in, and `NotFoundError` if the tenant doesn't
    exist or isn't theirs.
    """
    async with reading() as tx:
        found = await find_visitor(tx, token, slug) if token else None
        if found is None:
            raise SessionEndedError(await _why_ended(tx, token) if token else None)
        logs.acting(found.id)
        tenant_id = found.tenant_id
        if slug is not None and tenant_id is None:
            raise NotFoundError
        if found.own_tenant_id != tenant_id and found.role is not Role.PLATFORM_ADMIN:
            raise NotFoundError
        # Only Platform Admins, who belong to no tenant, work in a tenant that isn't their own.
        policy = found.second_factor_policy if tenant_id == found.own_tenant_id else None
        lacks_second_factor = await lacks(tx, found, found.method, policy)
    return Visit(
        actor=Actor(found.session_id, found.id, tenant_id, caller.ip),
        user_id=found.id,
        name=f"{found.first_name} {found.last_name}",
        email=found.email,
        role=found.role,
        tenant_slug=found.slug,
        tenant_name=found.name,
        expires_at=found.expires_at,
        seen_at=found.last_seen_at,
        lacks_second_factor=lacks_second_factor,
        tenant_logo=found.logo or "",
        tenant_closed=found.closed_at is not None,
        time_zone=found.time_zone or "",
    )


async def home_of(token: str | None) -> tuple[Role, str | None] | None:
    """The role and the tenant's slug of the person who is signed in by this cookie, or none."""
    if not token:
        return None
    async with reading() as tx:
        found = await find_visitor(tx, token)
        if found is None:
            return None
        tenant = await tx.get(Tenant, found.own_tenant_id) if found.own_tenant_id else None
    return found.role, tenant.slug if tenant else None


async def touch(actor: SessionActor, seen_at: datetime | None = None) -> None:
    """Note a sign of life of somebody who only looks: the session's idle time starts again.

    If the time of the last sign is known, most of these calls ask the database nothing.
    """
    now = clock.now()
    if seen_at is None:
        async with reading() as tx:
            session = await tx.get(LoginSession, actor.session_id)
        seen_at = session.last_seen_at if session else now
    if now - seen_at < min(SEEN_EVERY, runtime.current().settings.session_idle / 4):
        return
    async with transaction(actor=actor) as tx:
        holder = await holders.lock(tx, actor)
        fresh = await tx.get(LoginSession, actor.session_id)
        if holder is not None and fresh is not None and fresh.is_alive(now):
            fresh.seen(now, *holders.lasting(holder))
            if isinstance(holder, User | CustomerPerson):
                holder.last_active_at = now


async def list_open(actor: Principal, user_id: UUID) -> Sequence[OpenSession]:
    """The user's open sessions, the latest first, `MOST_LISTED` at most; the one in use is among
    them.

    They are one's own, or another user's for people who manage users.
    """
    own = user_id == actor.user_id
    permission = Permission.USE_OWN_ACCOUNT if own else Permission.VIEW_USERS
    async with viewing(actor, permission) as view:
        if not own:
            await view.get(User, user_id)
        rows = await view.tx.exec(
            select(LoginSession)
            .where(
                LoginSession.user_id == user_id,
                col(LoginSession.ended_at).is_(None),
                col(LoginSession.expires_at) > clock.now(),
            )
            .order_by(
                (col(LoginSession.id) == actor.session_id).desc(),
                col(LoginSession.last_seen_at).desc(),
            )
            .limit(MOST_LISTED)
        )
        return [
            OpenSession(
                id=row.id,
                device=row.device,
                ip=row.ip,
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                current=row.id == actor.session_id,
            )
            for row in sorted(rows, key=lambda row: row.last_seen_at, reverse=True)
        ]


@looks_first
async def sign_out(actor: Actor) -> None:
    """End the session that is in use right now."""
    async with acting(actor, Permission.USE_OWN_ACCOUNT, urgent=True) as act:
        cause = await act.record(SessionAction.SIGNED_OUT, act.own)
        await end(act.tx, act.own, EndReason.SIGNED_OUT, cause=cause, only=[actor.session_id])


@looks_first
async def revoke(actor: Principal, user_id: UUID, session_id: UUID | None = None) -> int:
    """End one session of a user, or all except the one in use; returns how many ended.

    The user is oneself, or another one for people who may sign users out.
    """
    own = user_id == actor.user_id
    permission = Permission.USE_OWN_ACCOUNT if own else Permission.SIGN_OUT_USERS
    async with acting(actor, permission, lock=(user_id,), urgent=True) as act:
        tx, user = act.tx, act.own if own else await act.get(User, user_id)
        keep = actor.session_id if own and session_id is None else None
        only = None if session_id is None else [session_id]
        living = await find_living(tx, user, only=only, keep=keep)
        if not living and session_id is not None:
            raise NotFoundError("This session is over already.")
        if not living and not await _has_ways_back(tx, user):
            return 0
        cause = await act.record(SessionAction.REVOKED, user)
        if session_id is None:
            await known_devices.forget(tx, user)
            await one_time_links.void_email_change(tx, user)
        return await end_living(tx, [Living(user, living, cause)], EndReason.REVOKED)


async def _has_ways_back(tx: Transaction, user: User) -> bool:
    """Whether a browser is known, or a change of the email waits for its link, for which whoever
    was in the account may have asked."""
    if await known_devices.knows_any(tx, user):
        return True
    return await one_time_links.is_any_unused(tx, user.id, LinkPurpose.EMAIL_CONFIRM)


# Built once: each page and each socket that is opened asks for it.
_LIVING = Prepared(
    holders.alive(select(LoginSession.id)).where(LoginSession.token_hash == bindparam("token_hash"))
)
# The transaction that ends a session doesn't look at its row again, so none is changed in memory;
# and what the act has changed besides is written later, with all the rest.
_END = Prepared(
    update(LoginSession)
    .where(col(LoginSession.id).in_(bindparam("ids", expanding=True)))
    .values(ended_at=bindparam("ended_at"), end_reason=bindparam("end_reason"))
)


async def _why_ended(tx: Transaction, token: str) -> EndReason | None:
    by_token = LoginSession.token_hash == token_hash(token)
    session = (await tx.exec(select(LoginSession).where(by_token))).first()
    if session is None:
        return None
    return session.end_reason or EndReason.EXPIRED
