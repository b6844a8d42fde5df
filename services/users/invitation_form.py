"""The invitation's forms, with what can be judged without the database."""

from collections.abc import Mapping
from datetime import date, time
from uuid import UUID

from pydantic import ValidationInfo, field_validator

from models import Role
from services.core.errors import InvalidInputError
from services.core.forms import Form, checkbox, choice, day, email, lines, person, text, time_of_day
from services.users.forms import time_of

TICKED = "yes"
"""A checkbox that is ticked, in a row's values."""


class _Who(Form):
    first_name: str = text("First Name")
    last_name: str = text("Last Name")
    email: str = email()


class _Several(Form):
    people: str = lines(
        "People",
        most=40_000,
        hint="One email per line, or pasted from a mail program: Ada Lovelace <ada@example.com>. "
        "From ada.lovelace@example.com alone the name is read, too, but not from ada@example.com.",
    )


class _AsWhat(Form):
    role: Role = choice("Role", hint="It can’t be changed later.")
    end_date: date | None = day("End Date", optional=True, half=True)
    end_time: time | None = time_of_day("End Time", optional=True, half=True)
    contractor: bool = checkbox("Contractor")

    @field_validator("end_time")
    @classmethod
    def _is_of_a_day(cls, value: time | None, info: ValidationInfo) -> time | None:
        return time_of(value, info.data)


class _Carried(Form):
    contact_id: UUID | None = person(
        "Point of Contact", optional=True, hint="They are told by mail. Empty: whoever invites."
    )
    note: str = lines(
        "Personal Note", optional=True, most=2000, hint="It is shown at their first sign-in."
    )


class InvitationForm(_AsWhat, _Who):
    """Who is invited, in which role, and until when. Which roles somebody may invite is decided by
    the invitation."""


class PersonalInvitation(_Carried, InvitationForm):
    """An invitation that carries something for the first day."""


class PastedInvitations(_Carried, _AsWhat, _Several):
    """Several people at once, with what holds for all of them."""


def read_form(values: Mapping[str, str]) -> PersonalInvitation | InvalidInputError:
    """The form that these values make, or what is wrong with them."""
    ticked = {"contractor": values.get("contractor") == TICKED}
    try:
        return PersonalInvitation(**{**values, **ticked})
    except InvalidInputError as error:
        return error
