"""The invitation's form, as far as it can be judged without the database."""

from models import Role
from services.core.forms import Form, choice, email, text


class InvitationForm(Form):
    """Who is invited, and as what. Which roles somebody may invite, the invitation decides."""

    first_name: str = text("First Name")
    last_name: str = text("Last Name")
    email: str = email()
    role: Role = choice("Role", hint="It can’t be changed later.")
