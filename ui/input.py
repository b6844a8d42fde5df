"""What a browser sent is the sender's choice: each value is checked before it means anything."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from nicegui import Client

LARGEST = 2**53


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


def to_do(client: Client) -> str:
    """What the url has a page begin with: the name of one of its dialogs, or nothing. (It opens
    what does nothing by itself.)"""
    return str(client.request.query_params.get("do", ""))


def as_text(values: Mapping[str, Any], name: str) -> str:
    """One value of a form as text; empty where it isn't any."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
