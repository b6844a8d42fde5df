"""Tries the mail server out, for people who set Rollcall up: does it take mail, and if not, why?"""

import asyncio
from dataclasses import dataclass
from email.utils import make_msgid

from services.core import clock
from services.core.emails import check_email, on_the_wire
from services.core.errors import RollcallError
from services.core.settings import Settings
from services.database import runtime
from services.mail.errors import MisconfiguredError, NotRelayedError, RefusedByPolicyError
from services.mail.message import Letter, compose
from services.mail.smtp import SEE_ITS_LOG, connected, hand_over, say_goodbye, try_sender

# How many seconds a try takes at most: somebody sits there and waits.
CHECK_SECONDS, SEND_SECONDS = 30, 60

_TRY_ANOTHER = "`doctor --send-to EMAIL` tells whether it takes one to somebody else."


@dataclass(frozen=True)
class MailReport:
    """Whether it worked, and a sentence for the operator that names the setting to mend. Where it
    didn't, mails to others may arrive all the same (`may_work`)."""

    works: bool
    words: str
    may_work: bool = False


async def check_mail() -> MailReport:
    """Connect to the mail server, greet it, sign in and name the sender, who is the recipient, too,
    as for a mail, but send none.

    Takes `CHECK_SECONDS` at most. Needs no actor: it is for the command line.
    """
    settings = runtime.current().settings
    if (missing := _missing(settings)) is not None:
        return missing
    try:
        async with asyncio.timeout(CHECK_SECONDS), connected(settings) as session:
            refused = await try_sender(session, settings)
            await say_goodbye(session)
    except RollcallError as error:
        return MailReport(False, _without_password(str(error), settings))
    except TimeoutError:
        return _too_slow(settings, CHECK_SECONDS)
    if refused is not None:
        words = _without_password(_refusal(refused, settings), settings)
        may_work = isinstance(refused, NotRelayedError | RefusedByPolicyError)
        return MailReport(False, words, may_work=may_work)
    signed_in = f", signed in as {settings.mail_username}" if settings.mail_username else ""
    return MailReport(True, f"{_server(settings)} answers{signed_in}.")


async def send_test(to: str) -> MailReport:
    """Send one mail to this email, right away, past the outbox.

    Takes `SEND_SECONDS` at most. Needs no actor: it is for the command line.
    """
    settings = runtime.current().settings
    if (missing := _missing(settings)) is not None:
        return missing
    try:
        recipient = on_the_wire(check_email(to))
    except ValueError as error:
        return MailReport(False, f"{to} is not an email: {error}")
    sender = on_the_wire(settings.mail_from or "")
    message = compose(_letter(recipient, sender, settings), sender, recipient, clock.now())
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await hand_over(message, recipient, settings)
    except RollcallError as error:
        return MailReport(False, _without_password(str(error), settings))
    except TimeoutError:
        return _too_slow(settings, SEND_SECONDS)
    return MailReport(
        True,
        f"{_server(settings)} took a mail to {to}. If it doesn’t arrive, look for it among the "
        "spam, and in the mail server’s log.",
    )


def _letter(recipient: str, sender: str, settings: Settings) -> Letter:
    said = f"This is a test of the mail server that Rollcall at {settings.public_url} sends with."
    return Letter(
        recipient=recipient,
        sender_name="Rollcall",
        subject="Rollcall: a test",
        text=f"{said}\n\nNothing needs to be done.\n",
        html=f"<p>{said}</p><p>Nothing needs to be done.</p>",
        message_id=make_msgid(domain=sender.rpartition("@")[2]),
    )


def _missing(settings: Settings) -> MailReport | None:
    if settings.mail_server and settings.mail_from:
        return None
    return MailReport(
        False, "No mail is sent: ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_FROM aren’t set."
    )


def _refusal(refused: RollcallError, settings: Settings) -> str:
    if isinstance(refused, NotRelayedError):
        return f"{refused} Unless it is to deliver only to domains of its own: {_TRY_ANOTHER}"
    if isinstance(refused, RefusedByPolicyError):
        said = str(refused).rstrip(".")
        return f"{_server(settings)} takes no mail to {settings.mail_from}: {said}. {_TRY_ANOTHER}"
    if isinstance(refused, MisconfiguredError):
        return str(refused)
    return f"{_server(settings)} takes no mail now: {str(refused).rstrip('.')}. {SEE_ITS_LOG}"


def _too_slow(settings: Settings, seconds: int) -> MailReport:
    return MailReport(
        False,
        f"{_server(settings)} took longer than {seconds} seconds. Check ROLLCALL_MAIL_SERVER and "
        "ROLLCALL_MAIL_PORT, or see whether the server is overloaded.",
    )


def _without_password(words: str, settings: Settings) -> str:
    """Some servers repeat what they were sent."""
    password = settings.mail_password.get_secret_value() if settings.mail_password else ""
    return words.replace(password, "…") if password else words


def _server(settings: Settings) -> str:
    return f"The mail server ({settings.mail_server}, port {settings.mail_port})"
