"""Changing users: activate, deactivate, name, end date. (New ones come by `invitations`.)"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlmodel import col, select

from models import LoginSession, MailTemplate, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.emails import email_key
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    SelfDeactivationError,
)
from services.core.names import fold
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.mail import outbox
from services.sessions import presence
from services.users import telling
from services.users.actions import UserAction
from services.users.emails_elsewhere import counting_answers
from services.users.ends import End, chosen_end, details_of, end_of, set_end, zone_of
from services.users.events import UserEdited
from services.users.forms import UserNames
from services.users.stays import stays_of
from services.users.switching import StatusChange, platform_admin_ids, switch


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
        admins = await platform_admin_ids(tx) if not active and actor.reaches(None) else ()
        return admins if user_id in admins else (user_id,)

    async with (
        counting_answers(actor),
        acting(actor, Permission.SWITCH_USERS, lock=decided_about, urgent=not active) as act,
    ):
        user = await act.get(User, user_id)
        return await switch(act, user, active, seen_version=seen_version, reason=reason, tell=tell)


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
        await telling.tell(act, MailTemplate.ACTIVATED, [user], True)


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
        act.publish(UserEdited.of(user, old_key))
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
        await change_ends(act, [(user, end)], tell=tell)


async def change_ends(
    act: Act, ends: Sequence[tuple[User, End | None]], *, tell: bool | None = False
) -> None:
    """Have the access of users whom the act has locked end then, all by the same few statements.
    Those whose end it is already are left alone. Raises `SelfDeactivationError`."""
    by = act.principal.user_id
    if any(user.id == by for user, _ in ends):
        raise SelfDeactivationError
    # A bulk act, or one that is taken back, may have chosen it in the time zone before this one.
    zone = await zone_of(act.tx, act.tenant_id)
    told = [(user, end.in_zone(zone) if end else None) for user, end in ends]
    changing = [(user, end) for user, end in told if end_of(user) != end]
    for user, end in changing:
        set_end(user, end, by)
        user.changed()
        await act.record(UserAction.END_DATE_SET, user, **details_of(end))
        act.publish(UserEdited.of(user))
    await telling.tell(act, MailTemplate.END_DATE, [user for user, _ in changing], tell)


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
