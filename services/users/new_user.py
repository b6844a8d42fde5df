"""The account that an invitation makes."""

from models import User
from services.audit.acting import Act
from services.core import clock
from services.core.emails import email_key
from services.users.accounts import set_names
from services.users.ends import End, set_end
from services.users.invitation_form import InvitationForm


def new_user(act: Act, form: InvitationForm, end: End | None = None) -> User:
    """The account that a form makes, with this end; it is not in the database yet."""
    user = User(
        tenant_id=act.tenant_id,
        first_name=form.first_name,
        last_name=form.last_name,
        email=form.email,
        email_key=email_key(form.email),
        role=form.role,
        created_at=clock.now(),
        invited_by_id=act.user.id if act.user else None,
        contractor=form.contractor,
    )
    set_names(user, form.first_name, form.last_name)
    if end is not None:
        set_end(user, end, user.invited_by_id)
        user.end_set_at = user.created_at
    return user
