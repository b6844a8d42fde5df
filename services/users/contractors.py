"""Contractors: a review asks about those whose access has no end."""

from uuid import UUID

from models import User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting
from services.core.forms import Form, checkbox
from services.database.looking import looks_first
from services.users.actions import UserAction
from services.users.events import UserEdited


class ContractorForm(Form):
    """Whether somebody is a contractor."""

    contractor: bool = checkbox("Contractor")


@looks_first
async def set_contractor(actor: Principal, user_id: UUID, contractor: bool) -> None:
    """Note that a user is a contractor, or isn't."""
    async with acting(actor, Permission.EDIT_USERS, lock=(user_id,)) as act:
        user = await act.get(User, user_id)
        if user.contractor == contractor:
            return
        user.contractor = contractor
        user.changed()
        await act.record(UserAction.CONTRACTOR_SET, user, contractor=contractor)
        act.publish(UserEdited.of(user))
