"""Fields that several forms of the workspace have, with their usual values filled in."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import Field

from models import Side, Task, TaskGroup
from services.access.permissions import Permission
from services.core.form_fields import ChoiceField, NumberField, Option
from services.core.forms import Form, checkbox, day, lines, people, text

OF_CUSTOMER = Permission.ADVANCE_AS_CUSTOMER
"""The group of people among whom the customer's people are chosen."""
SIDES = tuple(Option(side.value, side.label) for side in Side)


def side_choice() -> Any:
    """Whose work it is: the team's, if nothing else is chosen."""
    declared = ChoiceField(label="Side", options=SIDES)
    return Field(default=Side.TEAM, json_schema_extra=declared)


def customers_field() -> Any:
    """The customer's people who do a task: they are on the POC and active."""
    return people("Customer’s people", among=OF_CUSTOMER, optional=True)


def shares_description() -> Any:
    """Whether the customer's people read a task's description. Nobody outside of the team does, if
    nothing else is chosen: it may be a note for the team."""
    return checkbox("Show the description to the customer")


def days_number(label: str, most: int) -> Any:
    """A number of days, or the number of a day: 1, if nothing else is filled in."""
    declared = NumberField(label=label, least=1, most=most, half=True)
    return Field(default=1, json_schema_extra=declared)


class WorkForm(Form):
    """The facts that a task and a group of tasks have."""

    title: str = text("Title")
    description: str = lines("Description", optional=True)
    side: Side = side_choice()
    start_on: date | None = day("Start Date", optional=True, half=True)
    due_on: date | None = day("Due Date", optional=True, not_before="start_on", half=True)


def changed_facts(row: Task | TaskGroup, form: WorkForm) -> Sequence[str]:
    """The names of the facts that the form would change."""
    return sorted(name for name, value in form.model_dump().items() if getattr(row, name) != value)


def fact_words(names: Sequence[str]) -> str:
    """Facts as the audit log names them: due, side, title."""
    return ", ".join(name.replace("_on", "").replace("_", " ") for name in names)
