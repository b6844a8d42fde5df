"""A departure as a whole: its receipt, what it left, and its undoing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import Role, Tenant, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.core.errors import ConflictError, NotFoundError, RollcallError
from services.database.looking import looks_first
from services.users import switching, telling
from services.users.departures import LeavingReceipt, find_receipt
from services.users.emails_elsewhere import counting_answers
from services.users.switching import StatusChange
from services.users.telling import Notice
from services.workspace.handover import (
    find_handovers,
    hand_over_in,
    lock_handed_over,
    lock_work,
    take_back_in,
)
from services.workspace.people import require_workers
from services.workspace.pocs import HandOverForm

TOO_LATE = "This can be undone for a day. Activate the account instead."


@dataclass(frozen=True)
class Departure:
    """A departure as its page shows it."""

    receipt: LeavingReceipt
    email: str
    role: Role
    picture: str
    """The picture's digest; empty if they have none."""
    since: datetime
    by_role: Role | None
    """The role of the person who did it; none if it was no user."""
    told: Notice | None
    """The mail that tells them, if one was promised."""
    organisation: str
    zone: str
    """The organisation's time zone."""


async def get_departure(principal: Principal, user_id: UUID) -> Departure:
    """A user's latest departure. Raises `NotFoundError` if they never left."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        user = await view.get(User, user_id)
        receipt = await find_receipt(view.tx, user)
        if receipt is None:
            raise NotFoundError(f"{user.full_name} hasn't left.")
        tenant = await view.tx.get(Tenant, user.tenant_id) if user.tenant_id else None
        by = await view.tx.get(User, receipt.by_id) if receipt.by_id else None
        return Departure(
            receipt,
            user.email,
            user.role,
            user.picture,
            user.first_sign_in_at or user.created_at,
            by.role if by else None,
            await telling.mail_about_departure(view.tx, user, receipt.at),
            tenant.name if tenant else "Platform",
            tenant.time_zone if tenant else "UTC",
        )


@dataclass(frozen=True)
class Leaving:
    """The result of a deactivation that hands work over: `refused` says why the work stays."""

    change: StatusChange
    handed_over: bool
    refused: str = ""


@looks_first
async def leave(
    principal: Principal,
    user_id: UUID,
    heir: HandOverForm,
    *,
    seen_version: int | None = None,
    tell: bool | None = False,
) -> Leaving:
    """Deactivate a user, and give their work to somebody else, in one transaction.

    If that person can't get it, access ends all the same, and the work stays visible. Raises what
    `accounts.set_active` raises.
    """
    both = (user_id, heir.owner_id)
    async with acting(principal, Permission.SWITCH_USERS, lock=both, urgent=True) as act:
        await act.require(Permission.REASSIGN_POCS)
        user = await act.get(User, user_id)
        await lock_work(act, [user])
        change = await switching.switch(act, user, False, seen_version=seen_version, tell=tell)
        told = len(act.tx.events)
        try:
            async with act.tx.begin_nested():
                (owner,) = await require_workers(act, [heir.owner_id], "owner_id")
                given = await hand_over_in(act, user, owner, heir.note, cause=change.cause)
        except RollcallError as error:
            del act.tx.events[told:]
            return Leaving(change, False, str(error))
        return Leaving(change, given is not None)


@looks_first
async def undo(
    principal: Principal, user_id: UUID, *, seen_version: int | None = None
) -> StatusChange:
    """Let a user who left within the last day in again, and give them back what was handed over
    since.

    Raises `ConflictError` once it is too late, and what `accounts.set_active` raises.
    """
    async with (
        counting_answers(principal),
        acting(principal, Permission.SWITCH_USERS, lock=(user_id,)) as act,
    ):
        await act.require(Permission.REASSIGN_POCS)
        user = await act.get(User, user_id)
        receipt = await find_receipt(act.tx, user)
        if receipt is None or user.active:
            return await switching.switch(act, user, True)
        if not receipt.can_be_undone:
            raise ConflictError(TOO_LATE)
        # A person who was told that they are out is told that they are back.
        knows = user.id in await telling.who_know_of_departure(act.tx, [user])
        rows = await find_handovers(act.tx, receipt.cause)
        await lock_handed_over(act, rows)
        change = await switching.switch(
            act, user, True, seen_version=seen_version, tell=knows, undone=True
        )
        for row in rows:
            await take_back_in(act, row)
        return change
