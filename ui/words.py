"""Times and states in the words that people use."""

from datetime import UTC, datetime

from models import INVITING, MailProgress, MailState, MailTemplate, OutgoingMail
from services.core import clock
from services.core.words import count_words
from services.sessions.sessions import MOST_LISTED
from services.sign_in.second_factors.totp import OwnPasskey

LATEST_SESSIONS = f"The latest {MOST_LISTED} are listed. There may be more."

_DAY = 86400
# A month and a year as the calendar has them on average, in days.
_UNITS = (
    ("minute", 60),
    ("hour", 3600),
    ("day", _DAY),
    ("month", 30.44 * _DAY),
    ("year", 365.25 * _DAY),
)
_RECENT = 45


def moment(at: datetime | None, never: str = "never") -> str:
    """A time, to the minute, in UTC."""
    return f"{at.astimezone(UTC):%-d %B %Y, %H:%M} UTC" if at else never


def ago(at: datetime | None, never: str = "never") -> str:
    """How long ago something was."""
    if at is None:
        return never
    seconds = (clock.now() - at).total_seconds()
    if seconds < _RECENT:
        return "just now"
    name, size = next(
        ((name, size) for name, size in reversed(_UNITS) if seconds >= size), _UNITS[0]
    )
    return f"{count_words(max(1, round(seconds / size)), name)} ago"


def passkey_marks(passkey: OwnPasskey) -> list[str]:
    """What is wrong with a passkey, and what its owner can do."""
    marks = []
    if not passkey.works_here:
        marks.append(
            f"It belongs to {passkey.host}, where Rollcall was before, and can't be used here. "
            "Remove it, and add a new passkey."
        )
    if passkey.counter_went_back_at is not None:
        marks.append(
            f"Its counter went back on {moment(passkey.counter_went_back_at)}: somebody may have "
            "copied it. Remove it, and add a new passkey."
        )
    return marks


MAIL_NAMES = {
    MailTemplate.INVITATION: "Invitation",
    MailTemplate.RESET: "New password",
    MailTemplate.SSO_LINKED: "Linked to single sign-on",
    MailTemplate.AUTHENTICATOR_ADDED: "Authenticator app added",
    MailTemplate.AUTHENTICATOR_REMOVED: "Authenticator app removed",
    MailTemplate.PASSKEY_ADDED: "Passkey added",
    MailTemplate.PASSKEY_REMOVED: "Passkey removed",
    MailTemplate.SECOND_FACTORS_RESET: "Second factor reset",
    MailTemplate.END_REMINDER: "Reminder of an end",
    MailTemplate.CONTACT_NAMED: "Named as point of contact",
    MailTemplate.CUSTOMER_INVITATION: "Invitation to a POC",
    MailTemplate.CUSTOMER_VISIT: "Link to a POC",
    MailTemplate.REVIEW_DUE: "Review due",
    MailTemplate.REVIEW_CLOSED: "Review closed",
    MailTemplate.EMAIL_CONFIRM: "New email to be confirmed",
    MailTemplate.EMAIL_CHANGED: "Email changed",
    MailTemplate.ROLE_CORRECTED: "Role corrected",
    MailTemplate.ACTIVATED: "Activated",
    MailTemplate.DEACTIVATED: "Deactivated",
    MailTemplate.END_DATE: "End date",
    MailTemplate.MENTIONED: "Mentioned in a comment",
    MailTemplate.TEST: "Test of a mail’s text",
}
_MAIL_WORDS = {
    MailProgress.SENDING: "being sent",
    MailProgress.UNKNOWN: "unknown whether it arrived: the mail server took it and never answered",
    MailProgress.SENT: "delivered to the mail server",
    MailProgress.FAILED: "failed",
    MailProgress.CANCELLED: "not sent: the link was used or replaced",
}

CUSTOMER_MAILS = {
    MailProgress.FAILED: "The mail failed",
    MailProgress.UNKNOWN: "Unknown whether the mail arrived",
    MailProgress.WAITING: "Mail waiting",
    MailProgress.SENDING: "Mail being sent",
}
"""The words for the mail that lets a customer's person in, until it is delivered."""

DEAD_LINK = "Link void: send a new one"
DEAD_LINK_CLOSED = "Link void"
"""The same for somebody whom no link lets in, on a POC that is open and on one that isn't."""


def mail_words(mail: OutgoingMail) -> str:
    """How far a mail has got, and since when."""
    progress = mail.progress(clock.now())
    if progress is MailProgress.UNANSWERED:
        return f"waiting for the mail server’s answer since {moment(mail.handed_over_at)}"
    again = "waiting to be tried again" if mail.attempts else "waiting to be sent"
    return f"{_MAIL_WORDS.get(progress, again)}, {ago(mail.sent_at or mail.created_at)}"


def next_step(mail: OutgoingMail) -> str:
    """What becomes of a mail that met a difficulty, and what an admin can do."""
    if mail.state is MailState.WAITING:
        return "It is tried again by itself."
    if mail.state is not MailState.FAILED:
        return ""
    if mail.template is MailTemplate.RESET:
        return "It isn't tried again. They can ask for a new one with “Forgot password?”."
    if mail.template not in INVITING:
        return "It isn't tried again. Tell them yourself what it says."
    return (
        "It isn't tried again. If the email is right, resend the invitation, or copy its link "
        "and hand it over. If it is wrong, deactivate this user and invite the right email."
    )
