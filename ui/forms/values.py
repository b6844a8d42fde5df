"""A form's fields and their values, as plain values for the browser."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, time
from enum import Enum
from typing import Any
from uuid import UUID

from services.core.form_fields import (
    ChoiceField,
    FileField,
    FormField,
    NewPasswordField,
    Option,
    SeveralField,
)
from services.users.selection import Person, Selection


def field_values(name: str, field: FormField) -> dict[str, Any]:
    """What the dialog shows of a field."""
    values: dict[str, Any] = {
        "name": name,
        "kind": field.kind,
        "label": field.label,
        "required": not field.optional,
        "missing": field.missing,
        "hint": field.hint,
        "half": field.half,
        "only_with": field.only_with,
        "autocomplete": field.autocomplete,
        "maxlength": field.maxlength,
        "early": field.is_checked_early,
    }
    if isinstance(field, ChoiceField | SeveralField):
        values["options"] = option_values(field.options)
        values["as_list"] = isinstance(field, ChoiceField) and field.as_list
    if isinstance(field, NewPasswordField):
        values["meter"] = True
    if isinstance(field, FileField):
        values["accept"] = field.accept
    return values


def option_values(options: Iterable[Option]) -> list[dict[str, str]]:
    """The options to choose from."""
    return [asdict(option) for option in options]


def people_values(found: Selection) -> tuple[list[dict[str, Any]], bool, list[str]]:
    """The people whom a search found, whether there are more, and who can't be chosen any more."""
    people = [person_values(person) for person in found.people]
    return people, found.has_more, [str(user_id) for user_id in found.gone]


def person_values(person: Person) -> dict[str, Any]:
    """Somebody who can be chosen, or is chosen. The email tells people with similar names apart."""
    return {
        "id": str(person.id),
        "name": person.name,
        "detail": person.email,
        "note": person.mixed,
        "picture": person.picture,
    }


def opening_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a dialog opens with; chosen people come as `Person`."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Person):
        return person_values(value)
    return value
