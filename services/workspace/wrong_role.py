"""A person with the wrong role: roles never change, so they get another account in one step."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from models import Role, User
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import acting
from services.core.errors import ConflictError, InvalidInputError
from services.core.forms import Form, checkbox, choice
from services.database.looking import looks_first
from services.users import switching
from services.users.actions import UserAction
from services.users.emails_elsewhere import IN_USE, is_taken
from services.users.ends import End, end_of
from services.users.forms import TELL
from services.users.invitation_form import InvitationForm
from services.users.invitation_links import require_open
from services.users.invitations import Invited, add_account, send_invitation
from services.users.stays import stays_of
from services.workspace.handover import hand_over_in, lock_work


class RoleForm(Form):
    """The role that somebody should have had."""

    role: Role = choice("Right role", ask="Choose the right role.")
    tell: bool = checkbox(TELL)


@dataclass(frozen=True)
class Corrected:
    """The new account, and whether it has the work of the old one."""

    invited: Invited
    has_the_work: bool


@looks_first
async def correct_role(principal: Principal, user_id: UUID, form: RoleForm) -> Corrected:
    """Deactivate a user, invite them again with the right role, hand their work to the new account
    and tell them by the invitation, if that is wanted; all of it, or nothing.

    Raises what `accounts.set_active` and `invitations.invite` raise.
    """
    try:
        async with acting(principal, Permission.SWITCH_USERS, lock=(user_id,), urgent=True) as act:
            await act.require(Permission.INVITE_USERS)
            await act.require(Permission.REASSIGN_POCS)
            user = await act.get(User, user_id)
            before = user.role.label
            if not user.active:
                raise ConflictError(
                    f"{user.full_name} is inactive. Invite them with the right role."
                )
            if user.role is form.role:
                raise InvalidInputError({"role": f"{user.full_name} is {before} already."})
            await require_open(act.tx, act.tenant_id)
            await lock_work(act, [user])
            reason = f"Wrong role, {form.role.label} from now on"
            await switching.switch(act, user, False, reason=reason)
            await act.tx.flush()  # the email is free from here on
            stays = await stays_of(act.tx, act.tenant_id)
            end = stays.fitting(form.role, end_of(user))
            new = await add_account(act, _form(user, form.role, end))
            invited = await send_invitation(act, new, old_role=before, by_mail=form.tell)
            works = may(form.role, Permission.RUN_POCS)
            given = await hand_over_in(act, user, new, "") if works else None
            await act.record(UserAction.ROLE_CORRECTED, user, before=before, after=form.role.label)
            return Corrected(invited, given is not None)
    except IntegrityError as error:  # somebody invited this email at the same moment
        if not is_taken(error):
            raise
        raise ConflictError(IN_USE) from error


def _form(user: User, role: Role, end: End | None) -> InvitationForm:
    return InvitationForm(
        first_name=user.first_name,
        last_name=user.last_name,
        email=user.email,
        role=role,
        end_date=end.day if end else None,
        end_time=end.at if end else None,
        contractor=user.contractor,
    )
