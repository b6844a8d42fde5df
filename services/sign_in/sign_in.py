"""Signing in. Everything that doesn't let a person in has one answer and takes the same time."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import and_, col, select, text
from sqlmodel.sql.expression import SelectOfScalar

from models import EndReason, LoginSession, Role, SignInMethod, Tenant, User
from services.access.actor import find_tenant, lock_users
from services.audit.writing import record
from services.core import clock, logs, operator_log
from services.core.emails import email_key, tried
from services.core.errors import (
    NoTenantError,
    OtherDoorError,
    SecondStepNeededError,
    SignInFailedError,
    SsoRequiredError,
)
from services.core.operator_log import Refused, noting_pauses
from services.core.secrets import token_hash
from services.database.transaction import Transaction, reading, transaction
from services.sessions import known_devices
from services.sessions.actions import SessionAction
from services.sessions.events import UserSignedIn
from services.sessions.sessions import Caller, begin, end
from services.sign_in import second_step_ticket, throttle
from services.sign_in.actions import SignInAction
from services.sign_in.passwords import slot, verify_password
from services.sign_in.policy import Standing, get_standing


@dataclass(frozen=True)
class SignedIn:
    """A session began: the tokens for the cookies of the session and the device, and what decides
    which page its user comes to."""

    token: str = field(repr=False)
    device: str = field(repr=False)
    role: Role
    tenant_slug: str | None
    session_id: UUID
    is_first: bool = False


@noting_pauses
async def sign_in(
    slug: str | None,
    email: str,
    password: str,
    caller: Caller,
) -> SignedIn:
    """Sign in under a tenant's slug, or without a slug as a Platform Admin.

    Raises `NoTenantError`, before anything is counted or logged; `SignInFailedError`,
    `TooManyAttemptsError`, `SsoRequiredError`; and, if the password is right,
    `SecondStepNeededError` for a user with a second factor, and `OtherDoorError` for a user who
    signs in under another slug.
    """
    counters = throttle.keys(email_key(email), caller.ip)
    async with reading() as tx:
        tenant = await find_tenant(tx, slug)
        if slug is not None and tenant is None:
            raise NoTenantError
        user, elsewhere = await _find_user(tx, tenant, email)
        device = await known_devices.find(tx, user, caller.device)
        if user is not None and device:
            counters = throttle.person_key(throttle.Purpose.PASSWORD, user.id, device)
        await throttle.check(tx, counters)
    owner = user or elsewhere
    stored = owner.password_hash if owner else None
    with slot(known=bool(device)):
        async with transaction(patient=True) as tx:  # a pause was looked for above
            await throttle.claim_in(tx, counters)
        matches = await verify_password(password, stored)
    if user is None or not user.active or not matches:
        await _fail(caller, tenant, user, email)
        if elsewhere is not None and matches:
            raise await _other_door(elsewhere, tenant)
        raise SignInFailedError
    started: SignedIn | SecondStepNeededError | None = None
    why = Refused.WRONG_PASSWORD
    try:
        async with transaction(patient=True) as tx:
            fresh = (await lock_users(tx, [user.id])).get(user.id)
            # Whatever has happened while the password was compared, the database decides.
            if fresh is not None and fresh.active and fresh.password_hash == stored:
                await throttle.forget(tx, counters)
                started = await start_session_or_second_step(tx, fresh, caller, tenant)
    except SignInFailedError:  # it is noted below
        why = Refused.CLOSED_ORGANISATION
    if started is not None:
        return require_started(started)
    await _fail(caller, tenant, user, email, why)
    raise SignInFailedError


async def replace_session(token: str | None, caller: Caller) -> None:
    """End the session that a browser had before its user signed in again."""
    if not token:
        return
    async with transaction(patient=True) as tx:
        session = (
            await tx.exec(select(LoginSession).where(LoginSession.token_hash == token_hash(token)))
        ).first()
        if session is None or session.user_id is None:
            return
        await lock_users(tx, [session.user_id])
        await tx.refresh(session)
        if not session.is_alive(clock.now()):
            return
        user = await tx.get_one(User, session.user_id)
        entry = await record(
            tx, SessionAction.SIGNED_OUT, actor=None, by=user, subject=user, ip=caller.ip
        )
        await end(tx, user, EndReason.REPLACED, cause=entry.id, only=[session.id])


async def start_session_or_second_step(
    tx: Transaction,
    user: User,
    caller: Caller,
    tenant: Tenant | None,
    method: SignInMethod = SignInMethod.PASSWORD,
) -> SignedIn | SecondStepNeededError:
    """Begin the session of somebody whose first factor was just proved, or ask for the second
    factor if they have one: `require_started` raises that after the commit.

    (Single sign-on asks for none: there, second factors are the provider's business.) Raises what
    `start_session` does.
    """
    standing = await _require_entry(tx, user, method)
    if standing.has_second_factor:
        slug = tenant.slug if tenant else None
        return SecondStepNeededError(second_step_ticket.issue(user, slug, method))
    return await _begin_session(tx, user, caller, tenant, method)


def require_started(started: SignedIn | SecondStepNeededError) -> SignedIn:
    """What `start_session_or_second_step` has decided, once its transaction is committed."""
    if isinstance(started, SecondStepNeededError):
        raise started
    return started


async def start_session(
    tx: Transaction,
    user: User,
    caller: Caller,
    tenant: Tenant | None,
    method: SignInMethod = SignInMethod.PASSWORD,
) -> SignedIn:
    """Begin a session for a user whose right to it was just proved.

    Raises `SsoRequiredError` if their organisation wants them to sign in another way, and
    `SignInFailedError` if their tenant is closed.
    """
    await _require_entry(tx, user, method)
    return await _begin_session(tx, user, caller, tenant, method)


async def _require_entry(tx: Transaction, user: User, method: SignInMethod) -> Standing:
    """Raise what `start_session` raises if the user can't sign in this way. (One query reads all
    that decides: everybody waits for it.)"""
    standing = await get_standing(tx, user)
    if not standing.is_open:
        raise SignInFailedError
    if standing.provider is not None and method is not SignInMethod.SSO:
        raise SsoRequiredError(standing.provider)
    return standing


async def _begin_session(
    tx: Transaction, user: User, caller: Caller, tenant: Tenant | None, method: SignInMethod
) -> SignedIn:
    logs.acting(user.id)
    now = clock.now()
    first = user.first_sign_in_at is None
    if first:
        user.first_sign_in_at = now
        user.changed()
    user.last_sign_in_at = user.last_active_at = now
    session, token = begin(tx, user, caller, method)
    await record(
        tx,
        SessionAction.SIGNED_IN,
        actor=None,
        by=user,
        subject=user,
        ip=caller.ip,
        device=session.device,
    )
    tx.publish(UserSignedIn(tenant_id=user.tenant_id, user_id=user.id, first=first))
    device = await known_devices.remember(tx, user, caller.device)
    slug = tenant.slug if tenant else None
    return SignedIn(token, device, user.role, slug, session.id, first)


async def _fail(
    caller: Caller,
    tenant: Tenant | None,
    user: User | None,
    email: str,
    why: Refused = Refused.WRONG_PASSWORD,
) -> None:
    """Note a failed sign-in in both logs; `why` is what is said of an active account."""
    if user is None or not user.active:
        why = Refused.INACTIVE_ACCOUNT if user else Refused.UNKNOWN_ACCOUNT
    operator_log.sign_in_refused(caller.ip, why, user.id if user else None)
    async with transaction(patient=True) as tx:
        await record(
            tx,
            SignInAction.FAILED,
            actor=None,
            subject=user,
            tenant_id=tenant.id if tenant else None,
            ip=caller.ip,
            email=tried(email),
        )


async def _other_door(user: User, here: Tenant | None) -> OtherDoorError | SignInFailedError:
    """Where this user signs in: their password was proved `here`. Of two tenants that have one
    name, the address tells which is meant."""
    async with reading() as tx:
        tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    if tenant is None:
        return OtherDoorError(None, "Rollcall Platform")
    if tenant.closed_at is not None:
        return SignInFailedError()
    is_alike = here is not None and here.name_key == tenant.name_key
    return OtherDoorError(tenant.slug, f"/t/{tenant.slug}" if is_alike else tenant.name)


def _accounts(of_tenant: ColumnElement[bool]) -> SelectOfScalar[User]:
    key = col(User.email_key) == bindparam("email_key")
    # Each half has an index of its own. SQLite uses the index of active accounts for exactly this
    # word, and not for the "active = 1" that a column would become.
    is_active = text("user_account.active")
    return (
        select(User)
        .where((key & of_tenant) | and_(key, is_active))
        .order_by(col(User.active).desc(), col(User.created_at).desc())
    )


# Built once: every sign-in asks one of them.
_ACCOUNTS = _accounts(col(User.tenant_id) == bindparam("tenant_id"))
_ACCOUNTS_ABOVE = _accounts(col(User.tenant_id).is_(None))


async def _find_user(
    tx: Transaction, tenant: Tenant | None, email: str
) -> tuple[User | None, User | None]:
    """The account that this email means here: the active one; or the latest inactive one, so that
    the failed sign-in is logged under its name; or the active one elsewhere."""
    tenant_id = tenant.id if tenant else None
    accounts = _ACCOUNTS_ABOVE if tenant_id is None else _ACCOUNTS
    asked = {"email_key": email_key(email)} | ({"tenant_id": tenant_id} if tenant_id else {})
    users = (await tx.exec(accounts, params=asked)).all()
    here = next((user for user in users if user.tenant_id == tenant_id), None)
    if here is not None:
        return here, None
    return None, next((user for user in users if user.active), None)
