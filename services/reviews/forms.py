"""The form with which a review is begun."""

from datetime import date
from enum import StrEnum

from services.core.form_fields import Option
from services.core.forms import Form, checkbox, choice, day, several, text
from services.reviews.reasons import DAYS, Reason
from services.users.forms import TELL


class Days(StrEnum):
    """How long somebody has to be away for a review to ask about them."""

    THIRTY = "30"
    SIXTY = "60"
    NINETY = "90"


class ReviewForm(Form):
    """A review to begin: whom it asks about, and when it ends by itself."""

    name: str = text("Name")
    reasons: tuple[Reason, ...] = several(
        "Who is asked about", [Option(reason.value, reason.label) for reason in Reason]
    )
    days: Days = choice("Not signed in for", [Option(str(n), f"{n} days") for n in DAYS])
    closes_on: date | None = day(
        "Deactivate the undecided on",
        optional=True,
        hint="At 18:00 of this day the review closes by itself. Empty: you close it, and people "
        "without a decision stay as they are.",
    )
    tell: bool = checkbox(TELL, hint="Whom the close deactivates: users, and people of customers.")
