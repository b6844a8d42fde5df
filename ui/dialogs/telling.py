"""Whether a dialog offers to tell somebody by mail, and what it says afterwards."""

from collections.abc import Collection

from services.core.words import isolated_where_needed
from services.mail import outbox
from services.users.switching import StatusChange

TOLD = " They are told by mail."


def not_offered() -> Collection[str]:
    """The fields that a dialog leaves out: without a mail server nobody can be told."""
    return () if outbox.is_configured() else ("tell",)


def only_by_mail(words: str, otherwise: str = "") -> str:
    """What a dialog promises of mails; without a mail server, what is true then."""
    return words if outbox.is_configured() else otherwise


def active_again(change: StatusChange) -> str:
    """What is said about somebody who was activated."""
    name = isolated_where_needed(change.name)
    return f"{name} is active again.{TOLD if change.told else ''}"
