"""What happened to second factors."""

from dataclasses import dataclass

from services.access.events import UserEvent


@dataclass(frozen=True, kw_only=True)
class SecondFactorsChanged(UserEvent):
    """The user now has an authenticator app or passkey, or has none any more, or has other recovery
    codes."""
