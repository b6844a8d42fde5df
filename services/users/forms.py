"""The forms in which a user is corrected."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from pydantic import ValidationInfo, field_validator

from services.core.forms import Form, checkbox, day, text, time_of_day


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


def time_of(value: time | None, before: Mapping[str, Any]) -> time | None:
    """A time of the end's day. Raises `ValueError` where no day was chosen."""
    if value is not None and "end_date" in before and before["end_date"] is None:
        raise ValueError("Choose the day, too.")
    return value


def end_hint(zone: str) -> str:
    """What is said under the day of an end."""
    return f"At the start of this day ({zone}) the user is deactivated. Empty: no end."


TIME_HINT = "Or at this time of it."


class EndReminders(Form):
    """Whether an admin is reminded of everybody's end."""

    wanted: bool = checkbox("Remind me by mail, 7 days and 1 day before anybody’s access ends")
