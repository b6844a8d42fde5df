"""What can be in the audit log."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from services.audit.words import Say, in_a_row
from services.core.words import count_words


class AuditAction(StrEnum):
    """What can be in the log: the value is stored, and `label` is its name on the screen, where the
    log can be narrowed to each. A third value says an entry's details in words.

    It has no members: each package declares those of its nouns in its `actions.py`, as classes of
    this one. To be declared is all that an action needs.
    """

    _value_: str
    label: str
    summary: Say

    def __new__(cls, value: str, label: str, say: Say = in_a_row) -> "AuditAction":
        """Make a member of its value, its label, and how its details are said."""
        action = str.__new__(cls, value)
        action._value_ = value
        action.label = label
        action.summary = say
        _DECLARED[value] = action
        return action


_DECLARED: dict[str, AuditAction] = {}


def declared() -> list[AuditAction]:
    """Every action that this process knows, by its label: those of one noun stand together."""
    return sorted(_DECLARED.values(), key=lambda action: action.label)


def find_action(value: str) -> AuditAction | None:
    """The action that is stored as this value; none if another version of Rollcall stored it."""
    return _DECLARED.get(value)


def _heads(details: Mapping[str, Any]) -> str:
    return f"of {count_words(len(details.get('heads', ())), 'chain')}"


class LogAction(AuditAction):
    """What is done to the log itself."""

    EXPORTED = "audit.exported", "Audit exported"


class HeadAction(AuditAction):
    """What is recorded in the platform's chain together with heads of other chains.

    The check of the log reads all entries of these actions, so the beginning and the end of an
    organisation are declared here, below the package of organisations.
    """

    TENANT_CREATED = "tenant.created", "Organisation created"
    TENANT_CLOSED = "tenant.closed", "Organisation closed"
    TENANT_REOPENED = "tenant.reopened", "Organisation reopened"
    NOTED = "audit.heads_noted", "Audit heads noted", _heads
