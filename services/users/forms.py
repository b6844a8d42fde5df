"""The forms in which a user is corrected."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from pydantic import ValidationInfo, field_validator

from services.core.forms import Form, checkbox, day, text, time_of_day

TELL = "Tell them by email"
"""Whether a person hears by mail of what is done to their account."""


class Telling(Form):
    """A question whose answer the person may be told."""

    tell: bool = checkbox(TELL)


class UserNames(Form):
    """What a person is called."""

    first_name: str = text("First Name")
    last_name: str = text("Last Name")


class EndDate(Form):
    """The day at whose start an account ends, or the time of it."""

    end_date: date | None = day("End date", optional=True, half=True)
    end_time: time | None = time_of_day("End time", optional=True, half=True)

    @field_validator("end_time")
    @classmethod
    def _is_of_a_day(cls, value: time | None, info: ValidationInfo) -> time | None:
        return time_of(value, info.data)


class ToldEndDate(Telling, EndDate):
    """The same for one person, who may be told."""


def time_of(value: time | None, before: Mapping[str, Any]) -> time | None:
    """A time of the end's day. Raises `ValueError` if no day was chosen."""
    if value is not None and "end_date" in before and before["end_date"] is None:
        raise ValueError("Choose the day, too.")
    return value


def end_hint(zone: str, at_the_latest: str = "") -> str:
    """What is said below the day of an end, which an organisation may limit."""
    empty = at_the_latest or "Empty: no end."
    return f"At the start of this day ({zone}) the user is deactivated. {empty}"


TIME_HINT = "Or at this time of it."


class EndReminders(Form):
    """Whether an admin is reminded of everybody's end."""

    wanted: bool = checkbox("Remind me by mail, 7 days and 1 day before anybody’s access ends")
