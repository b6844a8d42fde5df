"""What a browser sent may be anything: each value is checked before it is used."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from nicegui import Client

from services.core.form_fields import FIRST_YEAR, LAST_YEAR

LARGEST = 2**31  # PostgreSQL's integers end there


def as_uuid(value: Any) -> UUID | None:
    """The value as an id, or none."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def as_version(value: Any) -> int | None:
    """The value as a whole number that isn't negative, or none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < LARGEST else None


def as_day(value: Any) -> date | None:
    """The value as a day within the limits of forms, or none."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None


def to_do(client: Client) -> str:
    """What the url asks a page to begin with: the name of one of its dialogs, or nothing. (Opening
    such a dialog does nothing by itself.)"""
    return str(client.request.query_params.get("do", ""))


def as_text(values: Mapping[str, Any], name: str) -> str:
    """One value of a form as text; empty if it isn't text."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
