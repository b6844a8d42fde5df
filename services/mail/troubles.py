"""What goes wrong between Rollcall and its mail server, in words that name the setting to mend.

`UnsendableError` is the mail's own fault (the recipient doesn't exist). `NotSentError` is what the
operator can mend, or what ends by itself, so the mail waits for it.
"""

import os
import re
import socket
import ssl
import traceback
from collections.abc import Iterator

import aiosmtplib

from services.core.errors import RollcallError
from services.core.settings import Settings
from services.mail.message import UnsendableError

PERMANENT = range(500, 600)
ANSWERS = range(200, 600)

# What servers say at MAIL and RCPT about trouble that has nothing to do with this recipient.
# Postfix says all of it only at RCPT (smtpd_delay_reject), with codes that mean "for good".
_OF_THE_SETTINGS = (
    (re.compile(r"\b(HELO|EHLO)\b", re.IGNORECASE), "Check ROLLCALL_MAIL_HOSTNAME."),
    (re.compile(r"STARTTLS", re.IGNORECASE), "Set ROLLCALL_MAIL_STARTTLS=true, or leave it out."),
    (
        re.compile(r"authentication (is )?required|relay(ing)? (access )?denied", re.IGNORECASE),
        "Check ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD.",
    ),
    (re.compile(r"sender address rejected", re.IGNORECASE), "Check ROLLCALL_MAIL_FROM."),
)


# What Rollcall waits for once it is connected, by the library's method, and what to look at if no
# answer comes.
_STEPS = {
    "ehlo": ("EHLO", "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT"),
    "starttls": ("STARTTLS", "ROLLCALL_MAIL_STARTTLS and ROLLCALL_MAIL_PORT"),
    "login": ("the sign-in (AUTH)", "ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD"),
}


# Single sign-on believes only what is in SSL_CERT_FILE, so the public authorities belong there too.
_UNKNOWN_AUTHORITY = (
    "If your own authority made it, have this machine trust that authority, or have SSL_CERT_FILE "
    "name a file with it and the public authorities; else check ROLLCALL_MAIL_SERVER."
)
# By OpenSSL's number of what is wrong with a certificate (x509_vfy.h).
_CERTIFICATES = {
    **dict.fromkeys((2, 18, 19, 20, 21), _UNKNOWN_AUTHORITY),
    9: "Its time hasn't begun: check this machine's clock.",
    10: "Renew it on the server that ROLLCALL_MAIL_SERVER names, or check this machine's clock.",
    62: "Give ROLLCALL_MAIL_SERVER the name that is in it.",
    64: "Give ROLLCALL_MAIL_SERVER the name that is in it.",
}
# Revoked, for another purpose, too weak and the like.
_UNFIT = "Renew it on the server that ROLLCALL_MAIL_SERVER names."


class NotSentError(RollcallError):
    """This mail wasn't sent; the next attempt may succeed."""


class MisconfiguredError(NotSentError):
    """No mail can be sent until somebody mends a setting, or the server; the sentence names it."""


class BrokenOffError(NotSentError):
    """The server stalled or hung up amid a mail."""


class UnansweredError(BrokenOffError):
    """The whole mail was handed over and no answer came: whether it arrived is unknown."""


def refusal(error: aiosmtplib.SMTPException, sender: str) -> RollcallError:
    """What the server's answer to a command of the mail means."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return refusal(error.recipients[0], sender)
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return NotSentError(str(error))
    words, said = f"{error.code} {error.message}", _said(error)
    if isinstance(error, aiosmtplib.SMTPHeloError):
        return MisconfiguredError(_name_refused(said))
    if isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused):
        hints = (hint for pattern, hint in _OF_THE_SETTINGS if pattern.search(error.message))
        if hint := next(hints, ""):
            return MisconfiguredError(f"The mail server refuses every mail: {said}. {hint}")
    if isinstance(error, aiosmtplib.SMTPSenderRefused) and error.code in PERMANENT:
        return MisconfiguredError(
            f"The mail server refuses {sender} as the sender: {said}. Check ROLLCALL_MAIL_FROM, "
            "and what the account of ROLLCALL_MAIL_USERNAME may send as."
        )
    return UnsendableError(words) if error.code in PERMANENT else NotSentError(words)


def no_smtputf8(sender: str, recipient: str) -> RollcallError:
    """The server can't take an email with letters other than ASCII before the @."""
    if not sender.isascii():
        return MisconfiguredError(
            f"The mail server can't send from {sender}: it lacks SMTPUTF8, which letters outside "
            "ASCII before the @ need. Set ROLLCALL_MAIL_FROM to an email without them."
        )
    return UnsendableError(
        f"The mail server can't send to {recipient}: it lacks SMTPUTF8, which letters outside "
        "ASCII before the @ need."
    )


def no_connection(error: BaseException, settings: Settings) -> MisconfiguredError:
    """Why there is no conversation with the server, read from any error that the libraries
    raise."""
    server = f"{settings.mail_server}, port {settings.mail_port}"
    causes = list(_causes(error))
    readers = (_greeting(causes, server), _sign_in(causes), _tls(causes, server))
    for words in (*readers, _stalled(causes, server)):
        if words:
            return MisconfiguredError(words)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return MisconfiguredError(
            f"The name {settings.mail_server} can't be found ({_last_words(causes)}). Check "
            "ROLLCALL_MAIL_SERVER, and whether this machine can look names up."
        )
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return MisconfiguredError(
            f"The mail server ({server}) doesn't answer. If it stays so, check "
            "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT, and whether a firewall is in between."
        )
    # The system's own words; those of the libraries repeat the address as Python writes it.
    numbers = [cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno]
    why = os.strerror(numbers[0]) if numbers else str(error)
    return MisconfiguredError(
        f"The mail server ({server}) can't be reached: {why}. If it stays so, check "
        "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT."
    )


def _greeting(causes: list[BaseException], server: str) -> str:
    for cause in causes:
        if isinstance(cause, aiosmtplib.SMTPHeloError):
            return _name_refused(_said(cause))
        if isinstance(cause, aiosmtplib.SMTPConnectResponseError):
            return (
                f"The mail server ({server}) turns Rollcall away: {_said(cause)}. "
                "If it stays so, check ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT."
            )
        silent = isinstance(cause, aiosmtplib.SMTPConnectTimeoutError)
        if silent and "ready message" in str(cause):
            return (
                f"The mail server ({server}) takes the connection and says nothing. One that "
                "waits for TLS from the start does so: set ROLLCALL_MAIL_SSL_TLS=true (usual on "
                "port 465), or give ROLLCALL_MAIL_PORT the port for STARTTLS (usually 587)."
            )
    return ""


def _name_refused(words: str) -> str:
    return (
        f"The mail server refuses the name that Rollcall gives itself: {words}. Set "
        "ROLLCALL_MAIL_HOSTNAME to a full name of this machine, such as rollcall.example.com."
    )


def _sign_in(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, aiosmtplib.SMTPAuthenticationError):
            return (
                f"The mail server doesn't let Rollcall in: {_said(cause)}. "
                "Check ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD."
            )
        said = str(cause)
        if isinstance(cause, aiosmtplib.SMTPException) and (
            "AUTH extension" in said or "authentication method" in said
        ):
            return (
                f"The mail server offers no way to sign in that Rollcall knows: {said}. Check "
                "ROLLCALL_MAIL_STARTTLS or ROLLCALL_MAIL_SSL_TLS (many offer it under TLS alone), "
                "or leave ROLLCALL_MAIL_USERNAME out."
            )
    return ""


def _tls(causes: list[BaseException], server: str) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            mend = _CERTIFICATES.get(cause.verify_code, _UNFIT)
            why = cause.verify_message.rstrip(".")
            return f"The certificate of {server} isn't trusted: {why}. {mend}"
    for cause in causes:
        not_offered = isinstance(cause, aiosmtplib.SMTPException) and "STARTTLS" in str(cause)
        handshake = isinstance(cause, ssl.SSLError) or "handshake" in str(cause).lower()
        upgrading = "upgrading transport" in str(cause)
        if not_offered or handshake or upgrading:
            return (
                f"TLS with {server} failed: {str(cause).rstrip('.')}. Check ROLLCALL_MAIL_PORT, "
                "and whether ROLLCALL_MAIL_STARTTLS or ROLLCALL_MAIL_SSL_TLS is what it wants."
            )
    return ""


def _stalled(causes: list[BaseException], server: str) -> str:
    for cause in causes:
        if isinstance(cause, aiosmtplib.SMTPReadTimeoutError):
            frames = reversed([frame for frame, _ in traceback.walk_tb(cause.__traceback__)])
            for step, settings in (_STEPS.get(frame.f_code.co_name, ("", "")) for frame in frames):
                if step:
                    return (
                        f"The mail server ({server}) takes the connection and doesn't answer "
                        f"{step}. If it stays so, check {settings}, or see the server's log."
                    )
    return ""


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    """The server's words, to stand in a sentence of ours."""
    return f"{error.code} {error.message}".rstrip(".")


def _last_words(causes: list[BaseException]) -> str:
    return str(causes[-1])


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
