"""What the log says of sessions."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction
from services.core.words import count_words


def _receipt(details: Mapping[str, Any]) -> str:
    pages, answered = details.get("pages", 0), details.get("answered", 0)
    if not pages and not details.get("unheard"):
        return "no page was open"
    text = f"{count_words(pages, 'open page')} closed"
    if details.get("slowest_ms") is not None:
        text += f", the last one after {round(details['slowest_ms'])} ms"
    if answered < pages:
        text += f" ({pages - answered} didn't answer and were disconnected)"
    if details.get("unheard"):
        text += ", not counting a replica that hasn't reported"
    return text


class SessionAction(AuditAction):
    """What begins and ends sessions, and what came of an end."""

    SIGNED_IN = "session.signed_in", "Signed in"
    SIGNED_OUT = "session.signed_out", "Signed out"
    REVOKED = "session.revoked", "Sessions ended"
    PAGES_CLOSED = "user.pages_closed", "Pages closed", _receipt
