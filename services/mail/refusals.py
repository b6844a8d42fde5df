"""What a mail server means where its refusal of a mail has nothing to do with this recipient: read
from the words and codes of the servers that operators use.

Most of them say such things only at RCPT (Postfix: smtpd_delay_reject), and some only after the
mail's text (Exchange, Amazon SES), with codes that mean "for good".
"""

import re

import aiosmtplib

from services.core.errors import RollcallError
from services.mail.errors import (
    MisconfiguredError,
    NotRelayedError,
    NotSentError,
    RefusedByPolicyError,
    UnsendableError,
)
from services.mail.troubles import name_refused, said_by

ANSWERS, PERMANENT = range(200, 600), range(500, 600)
AUTHENTICATION_REQUIRED = 530  # RFC 4954, section 6
_ACCOUNT = "ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD"


def _code(numbers: str) -> str:
    """The pattern of an enhanced status code where servers say one: as a line's first word, or
    behind a # (qmail). Elsewhere such numbers are parts of ips."""
    return rf"(?:(?m:^)\s*|#){numbers}(?!\.?\d)"


# What another server answered when this one asked it about the recipient, which speaks of that
# server's settings: Postfix "host mx.example.org[192.0.2.1] said: ..." and "refused to talk to me:
# ...", Exim "Response: ..." in a line of its own, and all lines after "Callout verification
# failed:".
_QUOTED = re.compile(
    r"\b(said|refused to talk to me|response):.*|\bcallout verification failed:(?s:.*)",
    re.IGNORECASE,
)

# Postfix and Microsoft 365 "Relay access denied", Sendmail and Mailgun "Relaying denied", Exim
# "relay not permitted" and "not permitted to relay", Exchange "Unable to relay", Google "Mail relay
# denied" and "Invalid credentials for relay", Zoho "Relaying disallowed", MDaemon and hMailServer
# "relaying is not allowed", qmail "isn't in my list of allowed rcpthosts".
_NO_RELAY = re.compile(
    r"relay(ing)?\b.{0,20}\b(denied|disallowed|prohibited|not (permitted|allowed))"
    r"|(not permitted|not allowed|unable|refuse[sd]?|do not|don't|credentials for)( to)? relay"
    r"|allowed rcpthosts|" + _code(r"5\.7\.(54|64)"),
    re.IGNORECASE | re.DOTALL,
)
# Those that only a server says that lets nobody in without it: Amazon SES "Authentication
# required", hMailServer "SMTP authentication is required", Exchange "Client was not authenticated
# to send anonymous mail", Postfix "Sender address rejected: not logged in".
_NO_SIGN_IN = re.compile(
    r"authentication (is )?(required|needed)|not authenticated|not logged in|" + _code(r"5\.7\.57"),
    re.IGNORECASE,
)
# Postfix "Must issue a STARTTLS command first" and "Session encryption is required", Exchange
# "STARTTLS is required to send mail"; X.7.10 is "Encryption needed" (RFC 5248).
_NO_TLS = re.compile(
    r"STARTTLS|encryption (is )?(required|needed)|" + _code(r"[45]\.7\.10"), re.IGNORECASE
)
_HELLO = re.compile(r"\b(HELO|EHLO)\b", re.IGNORECASE)
# Postfix "Client host rejected", Microsoft 365 "banned sending IP", and what servers say that ask a
# list of blocked machines.
_MACHINE = re.compile(
    r"client host\b.{0,80}\b(rejected|blocked)|blocked using|banned sending ip", re.IGNORECASE
)
# Postfix "Sender address rejected", Exim "Sender verify failed", Exchange "permissions to send as"
# and "SendAsDenied", Amazon SES "Email address is not verified", SendGrid "verified Sender
# Identity", Postmark "Sender Signature"; X.1.7 and X.1.8 are a bad sender's address (RFC 3463).
_SENDER = re.compile(
    r"sender address rejected|sender verif(y|ication) failed|(permissions?|allowed) to send as\b"
    r"|SendAsDenied|email address is not verified|verified sender identity|sender signature"
    r"|" + _code(r"([45]\.1\.[78]|5\.7\.60)"),
    re.IGNORECASE,
)
# What Postfix says to all who haven't signed in where all have to, in words that it also uses of a
# recipient (smtpd_recipient_restrictions=permit_sasl_authenticated,reject). Microsoft 365 says them
# with 5.4.1 of a mailbox that isn't there.
_ACCESS = re.compile(_code(r"5\.7\.1") + r".*\baccess denied", re.IGNORECASE | re.DOTALL)
# Security and policy, for good (RFC 3463, X.7): a mailbox that isn't there is X.1 or X.2.
_POLICY = re.compile(_code(r"5\.7\.\d+"))


def refusal(error: aiosmtplib.SMTPException, sender: str, *, signs_in: bool) -> RollcallError:
    """What the server's answer to a command of the mail means; `signs_in` tells whether a name to
    sign in with is set."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return refusal(error.recipients[0], sender, signs_in=signs_in)
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return NotSentError(str(error))
    if isinstance(error, aiosmtplib.SMTPHeloError):
        return MisconfiguredError(name_refused(said_by(error)))
    return _of_the_settings(error, sender, signs_in) or _of_this_mail(error)


def _of_the_settings(
    error: aiosmtplib.SMTPResponseException, sender: str, signs_in: bool
) -> MisconfiguredError | None:
    words = _own_words(error)
    if _SENDER.search(words) and not _NO_SIGN_IN.search(words):
        return _check_sender(error, sender)
    of_an_email = isinstance(error, aiosmtplib.SMTPSenderRefused | aiosmtplib.SMTPRecipientRefused)
    if not of_an_email and error.code != AUTHENTICATION_REQUIRED:
        return None  # after the text, which some servers repeat, other words may be the mail's own
    told = _no_relay(error, signs_in) or _every_mail_refused(error, signs_in)
    if told is None and isinstance(error, aiosmtplib.SMTPSenderRefused) and _is_final(error):
        return _check_sender(error, sender)
    return told


def _of_this_mail(error: aiosmtplib.SMTPResponseException) -> RollcallError:
    words = f"{error.code} {error.message}"
    if not _is_final(error):
        return NotSentError(words)
    by_policy = _POLICY.search(_own_words(error))
    return RefusedByPolicyError(words) if by_policy else UnsendableError(words)


def _own_words(error: aiosmtplib.SMTPResponseException) -> str:
    """What the server says for itself."""
    return _QUOTED.sub("", error.message)


def _is_final(error: aiosmtplib.SMTPResponseException) -> bool:
    return error.code in PERMANENT


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


def _check_sender(error: aiosmtplib.SMTPResponseException, sender: str) -> MisconfiguredError:
    return MisconfiguredError(
        f"The mail server refuses {sender} as the sender: {said_by(error)}. Check "
        "ROLLCALL_MAIL_FROM, and what the account of ROLLCALL_MAIL_USERNAME may send as; some "
        "providers have each address verified first."
    )


def _no_relay(error: aiosmtplib.SMTPResponseException, signs_in: bool) -> MisconfiguredError | None:
    if not _NO_RELAY.search(_own_words(error)):
        return None
    mend = f"{_sign_in(signs_in)}, or have the server relay for this machine."
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        domain = str(error.recipient).rpartition("@")[2]
        return NotRelayedError(
            f"The mail server relays no mail to {domain} for Rollcall: {said_by(error)}. {mend}"
        )
    return MisconfiguredError(f"The mail server refuses every mail: {said_by(error)}. {mend}")


def _every_mail_refused(
    error: aiosmtplib.SMTPResponseException, signs_in: bool
) -> MisconfiguredError | None:
    words, mend = _own_words(error), ""
    if _HELLO.search(words):
        mend = "Check ROLLCALL_MAIL_HOSTNAME."
    elif _NO_TLS.search(words):
        mend = "Set ROLLCALL_MAIL_STARTTLS=true, or leave it out."
    elif error.code == AUTHENTICATION_REQUIRED or _NO_SIGN_IN.search(words):
        mend = f"{_sign_in(signs_in)}."
    elif _MACHINE.search(words) or (_ACCESS.search(words) and not signs_in):
        mend = f"{_sign_in(signs_in)}, or have the server accept this machine."
    if not mend:
        return None
    return MisconfiguredError(f"The mail server refuses every mail: {said_by(error)}. {mend}")


def _sign_in(signs_in: bool) -> str:
    return f"{'Check' if signs_in else 'Set'} {_ACCOUNT}"
