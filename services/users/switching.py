"""Activating and deactivating users whom an act has locked: one or many, by the same few
statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import EndReason, MailTemplate, Role, User
from services.access.actor import IS_ACTIVE
from services.audit.acting import Act
from services.core import clock
from services.core.errors import (
    ConflictError,
    LastPlatformAdminError,
    RollcallError,
    SelfDeactivationError,
)
from services.database.transaction import Transaction
from services.mail import outbox
from services.sessions.sessions import Living, end_living
from services.users import emails_elsewhere, telling, ways_in
from services.users.actions import UserAction
from services.users.emails_elsewhere import ActiveElsewhereError, all_active_with, is_taken
from services.users.ends import set_end
from services.users.events import UserActivated, UserDeactivated
from services.users.row import row_if_complete
from services.users.stays import stays_of


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


async def switch(
    act: Act,
    user: User,
    active: bool,
    *,
    seen_version: int | None = None,
    reason: str = "",
    tell: bool | None = False,
    undone: bool = False,
) -> StatusChange:
    """Activate or deactivate a user whom the act has locked, as `accounts.set_active` does; raises
    the same, and `ActiveElsewhereError`, which the caller has to count. One whose deactivation is
    `undone` isn't noted as somebody who came back."""
    if user.active is active:
        return _status(user, changed=False)
    refused = await refusals(act, [(user, seen_version)], active)
    if refused:
        raise refused[user.id]
    if active:
        (change,) = await activate(act, [user], tell=tell, undone=undone)
    else:
        (change,) = await deactivate(act, [user], reason, tell=tell)
    return change


async def refusals(
    act: Act, users: Sequence[tuple[User, int | None]], active: bool
) -> Mapping[UUID, RollcallError]:
    """Which of these users, whom the act has locked, it may not switch, and why, by their ids. Each
    comes with the version at which they were seen, if that is known.

    The reasons are `ConflictError`, if somebody was switched after that version; for a deactivation
    `SelfDeactivationError` and `LastPlatformAdminError`; and for an activation `ConflictError` and
    `ActiveElsewhereError`, if another active account has the email. Raises `TooManyAttemptsError`
    for an activation while the actor has to pause, whoever has the email.
    """
    if active:
        await emails_elsewhere.check_pause(act.tx, act.principal)
    refused: dict[UUID, RollcallError] = {
        user.id: ConflictError(
            f"Someone else has just changed {user.full_name}. Look again, then decide."
        )
        for user, seen_version in users
        if seen_version is not None and seen_version < user.status_version
    }
    current = [user for user, _ in users if user.id not in refused]
    # Not asked for the others, whose refusal isn't counted: asking alone takes longer if somebody
    # has the email.
    keys = [user.email_key for user in current] if active else []
    rivals = {rival.email_key: rival for rival in await all_active_with(act.tx, keys)}
    for user in current:
        if active:
            if rival := rivals.get(user.email_key):
                refused[user.id] = _taken_by(rival, user)
            rivals[user.email_key] = user  # of several with one email, the first is activated
        elif act.user is not None and act.user.id == user.id:
            refused[user.id] = SelfDeactivationError()
        elif user.role is Role.PLATFORM_ADMIN and {*await platform_admin_ids(act.tx)} <= {user.id}:
            refused[user.id] = LastPlatformAdminError()
    return refused


def _taken_by(other: User, user: User) -> RollcallError:
    if other.id == user.successor_id or other.tenant_id == user.tenant_id:
        return ConflictError(
            f"{user.email} belongs to a newer active account ({other.role.label}). "
            "Deactivate that one first."
        )
    return ActiveElsewhereError(user.email)


async def deactivate(
    act: Act, users: Sequence[User], reason: str = "", *, tell: bool | None = False
) -> list[StatusChange]:
    """Deactivate users whom the act has locked, all of them by the same few statements.

    Each must be active, and none among the `refusals`. If there are several, none of them may be a
    Platform Admin: whether one remains is checked for one at a time.
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
    await end_living(act.tx, living, EndReason.DEACTIVATED, run_id=act.run)
    told = await telling.tell(act, MailTemplate.DEACTIVATED, users, tell)
    for user in users:
        act.publish(
            UserDeactivated(tenant_id=user.tenant_id, user_id=user.id, row=row_if_complete(user))
        )
    return [_status(user, cause=causes[user.id], told=told) for user in users]


async def activate(
    act: Act,
    users: Sequence[User],
    *,
    tell: bool | None = False,
    undone: bool = False,
    among: Collection[UUID] | None = None,
) -> list[StatusChange]:
    """Activate users whom the act has locked, all of them by the same few statements. Whether their
    deactivation is `undone` is noted for each; `among` are those who may be told, if not all.

    Each must be inactive, and none among the `refusals`. Raises `ActiveElsewhereError` if another
    account took the email of one of them at this very moment; with several it doesn't say whose.
    """
    if not users:
        return []
    elsewhere = ActiveElsewhereError(users[0].email)  # now: a failed flush forgets the email
    now = clock.now()
    for user in users:
        user.activate(now, undone=undone)
    try:
        # Before any query, which would flush the change, too.
        await act.tx.flush()
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise elsewhere from error
    await outbox.cancel(act.tx, [user.id for user in users], MailTemplate.DEACTIVATED)
    for user in users:
        if user.ends_at is not None and user.ends_at <= now:
            # Otherwise the next check of end dates would deactivate them again.
            stays = await stays_of(act.tx, user.tenant_id)
            set_end(user, stays.fitting(user.role, None), act.principal.user_id)
    causes = {user.id: await act.record(UserAction.ACTIVATED, user) for user in users}
    # People who haven't come yet are told by a new invitation.
    hearing = [user for user in users if not user.invited and (among is None or user.id in among)]
    told = await telling.tell(act, MailTemplate.ACTIVATED, hearing, tell)
    for user in users:
        act.publish(
            UserActivated(tenant_id=user.tenant_id, user_id=user.id, row=row_if_complete(user))
        )
    return [_status(user, cause=causes[user.id], told=told and user in hearing) for user in users]


def _status(
    user: User, *, changed: bool = True, cause: UUID | None = None, told: bool = False
) -> StatusChange:
    return StatusChange(
        user.id, user.full_name, user.active, changed, user.version, user.invited, cause, told
    )


async def platform_admin_ids(tx: Transaction) -> list[UUID]:
    """The active Platform Admins."""
    of_none = col(User.tenant_id).is_(None)
    rows = await tx.exec(
        select(User.id).where(of_none, User.role == Role.PLATFORM_ADMIN, IS_ACTIVE)
    )
    return list(rows)
