"""The invitation's form, as far as it can be judged without the database."""

from collections.abc import Mapping

from models import Role
from services.core.errors import InvalidInputError
from services.core.forms import Form, choice, email, text


class InvitationForm(Form):
    """Who is invited, and as what. Which roles somebody may invite, the invitation decides."""

    first_name: str = text("First Name")
    last_name: str = text("Last Name")
    email: str = email()
    role: Role = choice("Role", hint="It can’t be changed later.")


def read_form(values: Mapping[str, str]) -> InvitationForm | InvalidInputError:
    """The form that these values make, or what is wrong with them."""
    try:
        return InvitationForm(**values)
    except InvalidInputError as error:
        return error
