"""What can be in the audit log."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# What ties entries together, and lists of the ends of other chains: nothing for a reader.
_UNSAID = frozenset({"heads", "run"})


class AuditAction(StrEnum):
    """What can be in the log: the value is stored, and `label` is its name on the screen, where the
    log can be narrowed to each.

    It has no members: each noun declares those of its own beside its calls, as a class of this one.
    To be declared is all that an action needs.
    """

    _value_: str
    label: str

    def __new__(cls, value: str, label: str) -> "AuditAction":
        """Make a member of its value and its label."""
        action = str.__new__(cls, value)
        action._value_ = value
        action.label = label
        _DECLARED[value] = action
        return action

    def summary(self, details: Mapping[str, Any]) -> str:
        """What the details of an entry say, in words."""
        return in_a_row(details)


_DECLARED: dict[str, AuditAction] = {}


def declared() -> list[AuditAction]:
    """Every action that this process knows; those of one noun stand together."""
    return sorted(_DECLARED.values(), key=lambda action: type(action).__name__)


def find_action(value: str) -> AuditAction | None:
    """The action that is stored as this value; none if another version of Rollcall stored it."""
    return _DECLARED.get(value)


def in_a_row(details: Mapping[str, Any]) -> str:
    """The values of details, one after the other."""
    shown = [v for name, v in details.items() if v not in (None, "") and name not in _UNSAID]
    return ", ".join(map(str, shown))
