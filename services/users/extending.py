"""Giving somebody one more month, in one step that can be taken back."""

from dataclasses import dataclass
from uuid import UUID

from models import User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting
from services.core import clock
from services.core.errors import ConflictError
from services.database.looking import looks_first
from services.users.accounts import change_ends
from services.users.ends import End, end_of, extended
from services.users.stays import stays_of


@dataclass(frozen=True)
class Extension:
    """What was extended: whose end, and from when to when."""

    user_id: UUID
    name: str
    before: End
    after: End


@looks_first
async def extend(actor: Principal, user_id: UUID) -> Extension:
    """Have a user's access end one month later, and tell them as the organisation suggests.

    Raises `ConflictError` if it has ended, or has no end.
    """
    async with acting(actor, Permission.EDIT_USERS, lock=(user_id,)) as act:
        user = await act.get(User, user_id)
        if not user.active:
            raise ConflictError(f"{user.full_name} is inactive. Activate the account first.")
        before = end_of(user)
        if before is None:
            raise ConflictError(f"{user.full_name} has no end date.")
        after = extended(before)
        if refused := (await stays_of(act.tx, user.tenant_id)).refusal(user.role, after):
            raise ConflictError(refused)
        await change_ends(act, [(user, after)], tell=None)
        return Extension(user.id, user.full_name, before, after)


@looks_first
async def take_back(actor: Principal, extension: Extension) -> None:
    """Have the access end as it did before an extension.

    Raises `ConflictError` if something else was decided meanwhile, or if that end has come.
    """
    async with acting(actor, Permission.EDIT_USERS, lock=(extension.user_id,)) as act:
        user = await act.get(User, extension.user_id)
        end = end_of(user)
        if not user.active or end is None or end.moment != extension.after.moment:
            raise ConflictError(
                f"Someone else has just changed {user.full_name}. Look again, then decide."
            )
        if extension.before.moment <= clock.now():
            raise ConflictError(
                f"That end has come meanwhile. Deactivate {user.full_name}, if that is meant."
            )
        await change_ends(act, [(user, extension.before)], tell=None)
