"""The fields of the workspace's forms: judged when a form is made, all of them together."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
)

from services.core.errors import InvalidInputError
from services.core.names import clean_name
from services.core.texts import clean_text

LONGEST_TEXT = 10_000


class Form(BaseModel):
    """What somebody filled in, as it is kept: a form that exists is right.

    Making one from what a browser sends raises `InvalidInputError`, with a sentence for each wrong
    field.
    """

    model_config = ConfigDict(frozen=True, validate_default=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InvalidInputError(_sentences(error)) from None


def _sentences(error: ValidationError) -> dict[str, str]:
    sentences = {}
    for wrong in error.errors(include_url=False):
        field = str(wrong["loc"][0])
        reason = wrong.get("ctx", {}).get("error")
        label = field.removesuffix("_id").removesuffix("_on").replace("_", " ")
        if isinstance(reason, ValueError):
            sentences[field] = str(reason)
        else:  # it is missing, or none of what there is to choose from
            sentences[field] = f"Choose the {label}."
    return sentences


def required(label: str) -> Callable[[str], str]:
    """Judges one line that mustn't be empty."""
    return lambda text: clean_name(text, label)


def optional(label: str) -> Callable[[str], str]:
    """Judges one line that may be empty."""
    return lambda text: clean_name(text, label) if text.strip() else ""


def lines(label: str) -> Callable[[str], str]:
    """Judges a text of any number of lines."""
    return lambda text: clean_text(text, label, LONGEST_TEXT)


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError("Choose a day.") from None


def _required_day(value: Any) -> Any:
    day = _day(value)
    if day is None:
        raise ValueError("Choose a day.")
    return day


def not_before(field: str) -> Callable[[date | None, ValidationInfo], date | None]:
    """Judges a day that mustn't be before the one in another field."""

    def judge(day: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get(field)
        if day is not None and start is not None and day < start:
            raise ValueError("Choose a day that isn't before the start.")
        return day

    return judge


Day = Annotated[date | None, BeforeValidator(_day)]
"""A day that may be left out."""

RequiredDay = Annotated[date, BeforeValidator(_required_day)]
EndDay = Annotated[Day, AfterValidator(not_before("start_on"))]
"""A day that may be left out, and isn't before `start_on`."""

Title = Annotated[str, AfterValidator(required("Title"))]
Description = Annotated[str, AfterValidator(lines("Description"))]
