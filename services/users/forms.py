"""The forms in which a user is corrected."""

from datetime import date, time

from pydantic import ValidationInfo, field_validator

from services.core.forms import Form, day, text, time_of_day


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
        if value is not None and "end_date" in info.data and info.data["end_date"] is None:
            raise ValueError("Choose the day, too.")
        return value


def end_hint(zone: str) -> str:
    """What is said under the day of an end."""
    return f"At the start of this day ({zone}) the user is deactivated. Empty: no end."


TIME_HINT = "Or at this time of it."
