"""What the log says of reviews."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction


def _people(details: Mapping[str, Any]) -> str:
    return f"about {details.get('people', 0)} people"


def _decision(details: Mapping[str, Any]) -> str:
    return f"{details.get('decision', '')}: {', '.join(details.get('people', ()))}"


def _outcome(details: Mapping[str, Any]) -> str:
    names = ("people", "kept", "deactivated", "skipped")
    return ", ".join(f"{details.get(name, 0)} {name}" for name in names)


class ReviewAction(AuditAction):
    """What is done to reviews."""

    BEGUN = "review.begun", "Review begun", _people
    DECIDED = "review.decided", "Review decided", _decision
    CLOSING = "review.closing", "Review closing"
    CLOSED = "review.closed", "Review closed", _outcome
    EXPORTED = "review.exported", "Review exported"
