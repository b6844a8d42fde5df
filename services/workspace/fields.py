"""Fields that several forms of the workspace have, filled in already where they can be."""

from typing import Any

from pydantic import Field

from models import Side
from services.core.form_fields import ChoiceField, NumberField, Option

SIDES = tuple(Option(side.value, side.label) for side in Side)


def side_choice() -> Any:
    """Whose work it is: the team's, where nothing else is chosen."""
    declared = ChoiceField(label="Side", options=SIDES)
    return Field(default=Side.TEAM, json_schema_extra=declared)


def days_number(label: str, most: int) -> Any:
    """A number of days, or of a day: 1, where nothing else is filled in."""
    declared = NumberField(label=label, least=1, most=most, half=True)
    return Field(default=1, json_schema_extra=declared)
