"""What happened to second factors."""

from dataclasses import dataclass

from services.access.events import UserEvent


@dataclass(frozen=True, kw_only=True)
class SecondFactorsChanged(UserEvent):
    """The user has an authenticator app now, or none any more, or other recovery codes."""
