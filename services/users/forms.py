"""The forms in which a user is corrected."""

from datetime import date

from services.core.forms import Form, day, text


class UserNames(Form):
    """What a person is called."""

    first_name: str = text("First Name")
    last_name: str = text("Last Name")


class EndDate(Form):
    """The day at whose start an account ends."""

    end_date: date | None = day(
        "End date",
        optional=True,
        hint="At the start of this day (UTC) the user is deactivated. Empty: no end.",
    )
