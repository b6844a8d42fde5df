"""Changing users: activate, deactivate, name, end date. (New ones come by `invitations`.)"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import EndReason, LoginSession, MailTemplate, Role, User
from services.access.actor import IS_ACTIVE, Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.db import Transaction, reading, transaction
from services.core.emails import email_key
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    LastPlatformAdminError,
    NotFoundError,
    SelfDeactivationError,
)
from services.core.looking import looks_first
from services.core.names import fold
from services.mail import outbox
from services.sessions import presence
from services.sessions.sessions import Living, end_living
from services.users import telling, ways_in
from services.users.actions import UserAction
from services.users.emails_elsewhere import (
    ActiveElsewhereError,
    active_with,
    claim_answer,
    is_taken,
)
from services.users.ends import End, chosen_end, details_of, end_of, set_end
from services.users.events import UserActivated, UserDeactivated, UserEdited
from services.users.forms import UserNames
from services.users.row import row_if_complete
from services.users.stays import stays_of


@dataclass(frozen=True)
class Impact:
    """What deactivating a user would do right now."""

    user_id: UUID
    name: str
    email: str
    open_pages: int
    devices: int
    version: int
    active: bool
    tells: bool
    """Whether the organisation suggests that people are told by mail."""


@dataclass(frozen=True)
class StatusChange:
    """The result of a toggle. `changed` is false if the user was in that state already; `cause` is
    the audit entry of the change, by which the receipt is found; `told` says whether the user is
    told by mail."""

    user_id: UUID
    name: str
    active: bool
    changed: bool
    version: int
    invited: bool
    cause: UUID | None = None
    told: bool = False


def set_names(user: User, first_name: str, last_name: str) -> None:
    """Set a user's names, and what the grid sorts and searches by."""
    user.first_name, user.last_name = first_name, last_name
    user.name_key = fold(user.full_name)[:400]
    user.search_key = f"{user.name_key} {fold(user.email)}"


async def get_impact(actor: Principal, user_id: UUID) -> Impact:
    """What to say before a deactivation: open pages and signed-in devices."""
    async with viewing(actor, Permission.SWITCH_USERS) as view:
        user = await view.get(User, user_id)
        devices = await view.tx.exec(
            select(LoginSession.id).where(
                LoginSession.user_id == user.id,
                col(LoginSession.ended_at).is_(None),
                col(LoginSession.expires_at) > clock.now(),
            )
        )
        return Impact(
            user.id,
            user.full_name,
            user.email,
            presence.open_pages(user.id),
            len(devices.all()),
            user.version,
            user.active,
            await telling.suggests(view.tx, user.tenant_id),
        )


@looks_first
async def set_active(
    actor: Principal,
    user_id: UUID,
    active: bool,
    *,
    seen_version: int | None = None,
    reason: str = "",
    tell: bool | None = False,
) -> StatusChange:
    """Activate or deactivate a user.

    The caller names the state that it wants, and the version of the row that it saw. If the user is
    in that state already, nothing changes; undoing a change that the caller hasn't seen is refused.
    The `reason` is for the log. `tell` says whether the user is told by mail; none: as the
    organisation suggests. Raises `SelfDeactivationError`, `LastPlatformAdminError`,
    `ConflictError`, and `TooManyAttemptsError` for callers who ask for emails of other
    organisations too often.
    """

    async def decided_about(tx: Transaction) -> Collection[UUID]:
        # Platform Admins are in no tenant. Whether another one would remain can only be decided
        # with all of them locked.
        admins = await _platform_admin_ids(tx) if not active and actor.reaches(None) else ()
        return admins if user_id in admins else (user_id,)

    try:
        async with acting(
            actor, Permission.SWITCH_USERS, lock=decided_about, urgent=not active
        ) as act:
            user = await act.get(User, user_id)
            return await switch(
                act, user, active, seen_version=seen_version, reason=reason, tell=tell
            )
    except ActiveElsewhereError:
        async with transaction(actor=actor) as tx:
            await claim_answer(tx, actor)
        raise


async def switch(
    act: Act,
    user: User,
    active: bool,
    *,
    seen_version: int | None = None,
    reason: str = "",
    tell: bool | None = False,
) -> StatusChange:
    """Activate or deactivate a user whom the act has locked, as `set_active` does; raises the same,
    and `ActiveElsewhereError`, which the caller has to count."""
    if user.active is active:
        return _status(user, changed=False)
    await require_switchable(act, user, active, seen_version)
    if not active:
        (change,) = await deactivate(act, [user], reason, tell=tell)
        return change
    cause = await _activate(act, user)
    # People who haven't come yet are told by a new invitation.
    told = await telling.tell(act, MailTemplate.ACTIVATED, user, False if user.invited else tell)
    return _status(user, cause=cause, told=told)


def _status(
    user: User, *, changed: bool = True, cause: UUID | None = None, told: bool = False
) -> StatusChange:
    return StatusChange(
        user.id, user.full_name, user.active, changed, user.version, user.invited, cause, told
    )


async def require_switchable(
    act: Act, user: User, active: bool, seen_version: int | None = None
) -> None:
    """Check that the act may switch this user, whom it has locked.

    Raises `ConflictError` if the user was switched after the version that was seen, and for a
    deactivation `SelfDeactivationError` and `LastPlatformAdminError`.
    """
    if seen_version is not None and seen_version < user.status_version:
        raise ConflictError(
            f"Someone else has just changed {user.full_name}. Look again, then decide."
        )
    if active:
        return
    if act.user is not None and act.user.id == user.id:
        raise SelfDeactivationError
    is_above = user.role is Role.PLATFORM_ADMIN
    if is_above and set(await _platform_admin_ids(act.tx)) <= {user.id}:
        raise LastPlatformAdminError


async def deactivate(
    act: Act, users: Sequence[User], reason: str = "", *, tell: bool | None = False
) -> list[StatusChange]:
    """Deactivate users whom the act has locked, all of them by the same few statements.

    Each must be active and have passed `require_switchable`. If there are several, none of them may
    be a Platform Admin: whether one remains is checked for one at a time.
    """
    if not users:
        return []
    by, now = act.user, clock.now()
    for user in users:
        user.deactivate(now, by.id if by else None)
    closed = await ways_in.close(act.tx, users)
    causes = {
        user.id: await act.record(
            UserAction.DEACTIVATED,
            user,
            reason=reason,
            links=closed[user.id].links,
            mails=closed[user.id].mails,
            session_ids=closed[user.id].session_ids,
            passkeys=closed[user.id].passkeys,
        )
        for user in users
    }
    living = [Living(user, closed[user.id].session_ids, causes[user.id]) for user in users]
    await end_living(act.tx, living, EndReason.DEACTIVATED)
    changes = []
    for user in users:
        act.publish(
            UserDeactivated(tenant_id=user.tenant_id, user_id=user.id, row=row_if_complete(user))
        )
        told = await telling.tell(act, MailTemplate.DEACTIVATED, user, tell)
        changes.append(_status(user, cause=causes[user.id], told=told))
    return changes


@looks_first
async def tell_active(actor: Principal, user_id: UUID) -> None:
    """Tell a user by mail that they are active again, if they weren't told at once.

    Raises `ConflictError` if there is nothing to tell, or no mail server.
    """
    async with acting(actor, Permission.SWITCH_USERS, lock=(user_id,)) as act:
        user = await act.get(User, user_id)
        if not user.active or user.invited:
            raise ConflictError(f"{user.full_name} can’t sign in now: there is nothing to tell.")
        if not outbox.is_configured():
            raise ConflictError("No mail server is set up, so no mail can be sent.")
        await telling.tell(act, MailTemplate.ACTIVATED, user, True)


async def _activate(act: Act, user: User) -> UUID:
    elsewhere = ActiveElsewhereError(user.email)  # read now: a failed flush forgets the email
    other = await active_with(act.tx, user.email)
    if other is not None:
        if other.id == user.successor_id or other.tenant_id == user.tenant_id:
            raise ConflictError(
                f"{user.email} belongs to a newer active account ({other.role.label}). "
                "Deactivate that one first."
            )
        raise elsewhere
    user.activate(clock.now())
    try:
        # Before any query, which would flush the change, too.
        await act.tx.flush()
    except IntegrityError as error:  # another account took the email at this very moment
        if not is_taken(error):
            raise
        raise elsewhere from error
    await outbox.cancel(act.tx, user.id, MailTemplate.DEACTIVATED)
    if user.ends_at is not None and user.ends_at <= clock.now():
        # Otherwise the next check of end dates would deactivate them again.
        stays = await stays_of(act.tx, user.tenant_id)
        set_end(user, stays.fitting(user.role, None), act.principal.user_id)
    cause = await act.record(UserAction.ACTIVATED, user)
    act.publish(UserActivated(tenant_id=user.tenant_id, user_id=user.id, row=row_if_complete(user)))
    return cause


async def _platform_admin_ids(tx: Transaction) -> list[UUID]:
    of_none = col(User.tenant_id).is_(None)
    rows = await tx.exec(
        select(User.id).where(of_none, User.role == Role.PLATFORM_ADMIN, IS_ACTIVE)
    )
    return list(rows)


@looks_first
async def rename(actor: Principal, user_id: UUID, first_name: str, last_name: str) -> User:
    """Correct a user's name. Raises `InvalidInputError`."""
    first, last = check_names(first_name, last_name)
    async with acting(actor, Permission.EDIT_USERS, lock=(user_id,)) as act:
        user = await act.get(User, user_id)
        before, old_key = user.full_name, user.search_key
        if (user.first_name, user.last_name) == (first, last):
            return user
        set_names(user, first, last)
        user.changed()
        await act.record(UserAction.RENAMED, user, before=before)
        act.publish(UserEdited(tenant_id=user.tenant_id, user_id=user.id, old_search_key=old_key))
        return user


@looks_first
async def set_end_date(
    actor: Principal,
    user_id: UUID,
    end_date: date | None,
    end_time: time | None = None,
    *,
    tell: bool | None = False,
) -> None:
    """Set the day at whose start the user is deactivated, or a time of that day, in the
    organisation's time zone; or none. `tell` as with `set_active`. Raises `InvalidInputError`."""
    async with acting(actor, Permission.EDIT_USERS, lock=(user_id,)) as act:
        user = await act.get(User, user_id)
        end = await chosen_end(act.tx, user.tenant_id, end_date, end_time)
        if refused := (await stays_of(act.tx, user.tenant_id)).refusal(user.role, end):
            raise InvalidInputError({"end_date": refused})
        await change_end(act, user, end, tell=tell)


async def change_end(act: Act, user: User, end: End | None, *, tell: bool | None = False) -> bool:
    """Have a user's access end then, in this act; returns whether this changed anything."""
    if act.principal.user_id == user.id:
        raise SelfDeactivationError
    if end_of(user) == end:
        return False
    set_end(user, end, act.principal.user_id)
    user.changed()
    await act.record(UserAction.END_DATE_SET, user, **details_of(end))
    act.publish(
        UserEdited(tenant_id=user.tenant_id, user_id=user.id, old_search_key=user.search_key)
    )
    await telling.tell(act, MailTemplate.END_DATE, user, tell)
    return True


@looks_first
async def end_if_due(actor: Principal, user_id: UUID) -> bool:
    """Deactivate a user whose end has come; returns whether it did.

    A user who was given a later end meanwhile, or is inactive already, is left alone.
    """
    async with acting(actor, Permission.SWITCH_USERS, lock=(user_id,), urgent=True) as act:
        user = await act.get(User, user_id)
        if not user.active or user.ends_at is None or user.ends_at > clock.now():
            return False
        await switch(act, user, False, reason="The end of their access has come", tell=None)
        return True


async def find_by_email(email: str) -> UUID:
    """The id of the active account with this email, for the command line."""
    async with reading() as tx:
        found = (
            await tx.exec(
                select(User.id)
                .where(User.email_key == email_key(email))
                .order_by(col(User.active).desc(), col(User.created_at).desc())
            )
        ).first()
    if found is None:
        raise NotFoundError(f"No account has the email {email}.")
    return found


def check_names(first_name: str, last_name: str) -> tuple[str, str]:
    """Both names, cleaned. Raises `InvalidInputError` with a sentence for each wrong one."""
    names = UserNames(first_name=first_name, last_name=last_name)
    return names.first_name, names.last_name
