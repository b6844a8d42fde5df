"""What the log says of single sign-on."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction


def _works(details: Mapping[str, Any]) -> str:
    return "it works" if details.get("works") else "it doesn't work"


def _required(details: Mapping[str, Any]) -> str:
    return "everybody signs in with it" if details.get("required") else "passwords work too"


def _reason(details: Mapping[str, Any]) -> str:
    reason = str(details.get("reason") or "").replace("_", " ")
    return f"{reason}, as {details['email']}" if details.get("email") else reason


class SsoAction(AuditAction):
    """What is done to an organisation's provider, and what comes from it."""

    CONNECTED = "sso.connected", "Single sign-on connected"
    DISCONNECTED = "sso.disconnected", "Single sign-on disconnected"
    TESTED = "sso.tested", "Single sign-on tested", _works
    REQUIRED_SET = "sso.required_set", "Single sign-on requirement set", _required
    LINKED = "user.sso_linked", "Linked to single sign-on"
    USER_CREATED = "user.created_by_sso", "User created by single sign-on"
    REFUSED = "session.sso_refused", "Single sign-on refused", _reason
    SESSIONS_ENDED = "session.ended_by_provider", "Signed out by the organisation"
