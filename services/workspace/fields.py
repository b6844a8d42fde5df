"""Fields that several forms of the workspace have, filled in already where they can be."""

from typing import Any

from pydantic import Field

from models import Side
from services.access.permissions import Permission
from services.core.form_fields import ChoiceField, NumberField, Option
from services.core.forms import people

OF_CUSTOMER = Permission.ADVANCE_AS_CUSTOMER
"""Among whom the customer's people are chosen."""
SIDES = tuple(Option(side.value, side.label) for side in Side)


def side_choice() -> Any:
    """Whose work it is: the team's, where nothing else is chosen."""
    declared = ChoiceField(label="Side", options=SIDES)
    return Field(default=Side.TEAM, json_schema_extra=declared)


def customers_field() -> Any:
    """Who at the customer's is to do a task: those of the POC who are active."""
    return people("Customer’s people", among=OF_CUSTOMER, optional=True)


def days_number(label: str, most: int) -> Any:
    """A number of days, or of a day: 1, where nothing else is filled in."""
    declared = NumberField(label=label, least=1, most=most, half=True)
    return Field(default=1, json_schema_extra=declared)
