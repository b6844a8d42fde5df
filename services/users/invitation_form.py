"""The invitation's form, as far as it can be judged without the database."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from models import Role
from services.access.actor import Principal
from services.access.permissions import invitable_roles
from services.core.emails import check_email
from services.core.errors import InvalidInputError
from services.users.accounts import check_names


class InvitationForm(BaseModel):
    """What the form sends, unchecked."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    role: str = ""


@dataclass(frozen=True)
class CheckedForm:
    """A form as far as it can be judged by itself; `wrong` has a sentence for each wrong field."""

    first_name: str
    last_name: str
    email: str
    role: Role | None
    wrong: Mapping[str, str]


def check_form(actor: Principal, form: InvitationForm) -> CheckedForm:
    """Judge a form by itself, without the database."""
    wrong: dict[str, str] = {}
    first_name, last_name, email = "", "", ""
    try:
        first_name, last_name = check_names(form.first_name, form.last_name)
    except InvalidInputError as error:
        wrong |= error.fields
    try:
        email = checked_email(form.email)
    except ValueError as error:
        wrong["email"] = str(error)
    above = actor.tenant_id is None
    # Whether this very actor may invite it, the database says.
    offered = invitable_roles(Role.PLATFORM_ADMIN, above_tenants=above)
    role = {role.value: role for role in offered}.get(form.role)
    if role is None:
        wrong["role"] = "Choose a role."
    return CheckedForm(first_name, last_name, email, role, wrong)


def checked_email(written: str) -> str:
    """The email as it is kept. Raises `ValueError` with a sentence."""
    if not written.strip():
        raise ValueError("Email is required.")
    return check_email(written)


def check_other(field: str, value: str) -> str:
    """What is wrong with a field that isn't the email, as a sentence; empty where nothing is."""
    if field == "role":
        return "" if value else "Choose a role."
    try:
        check_names(value if field == "first_name" else "x", value if field == "last_name" else "x")
    except InvalidInputError as error:
        return str(error)
    return ""
