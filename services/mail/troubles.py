"""Why there is no conversation between Rollcall and its mail server, in words that name the setting
to mend."""

import os
import socket
import ssl
import traceback
from collections.abc import Iterator

import aiosmtplib

from services.core.settings import Settings
from services.mail.errors import MisconfiguredError

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
            return name_refused(said_by(cause))
        if isinstance(cause, aiosmtplib.SMTPConnectResponseError):
            return (
                f"The mail server ({server}) turns Rollcall away: {said_by(cause)}. "
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


def name_refused(words: str) -> str:
    """That the server doesn't take the name that Rollcall says in EHLO, with its words."""
    return (
        f"The mail server refuses the name that Rollcall gives itself: {words}. Set "
        "ROLLCALL_MAIL_HOSTNAME to a full name of this machine, such as rollcall.example.com."
    )


def _sign_in(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, aiosmtplib.SMTPAuthenticationError):
            return (
                f"The mail server doesn't let Rollcall in: {said_by(cause)}. "
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


def said_by(error: aiosmtplib.SMTPResponseException) -> str:
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
