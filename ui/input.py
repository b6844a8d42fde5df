"""What a browser sent is the sender's choice: each value is checked before it means anything."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

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


def as_text(values: Mapping[str, Any], name: str) -> str:
    """One value of a form as text; empty where it isn't any."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
