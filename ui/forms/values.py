"""A form's fields and their values, as plain values for the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

from services.core.form_fields import ChoiceField, FileField, FormField, Option, SeveralField


def field_values(name: str, field: FormField, options: Sequence[Option] | None) -> dict[str, Any]:
    """What the dialog shows of a field; `options` take the place of its own."""
    values: dict[str, Any] = {
        "name": name,
        "kind": field.kind,
        "label": field.label,
        "required": not field.optional,
        "missing": field.missing,
        "hint": field.hint,
        "half": field.half,
        "autocomplete": field.autocomplete,
        "maxlength": field.maxlength,
        "early": field.is_checked_early,
    }
    if isinstance(field, ChoiceField | SeveralField):
        shown = field.options if options is None else options
        values["options"] = [asdict(option) for option in shown]
        values["as_list"] = isinstance(field, ChoiceField) and field.as_list
    if isinstance(field, FileField):
        values["accept"] = field.accept
    return values


def opening_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a dialog opens with."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(item) for name, item in asdict(value).items()}
    return value
