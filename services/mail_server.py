"""One conversation with the mail server, and what came of it in words that tell how to mend it."""

import asyncio
import ssl
from email.message import EmailMessage

import aiosmtplib
from fastapi_mail import ConnectionConfig
from fastapi_mail.connection import Connection
from fastapi_mail.errors import ConnectionErrors

from services.emails import on_the_wire
from services.errors import RollcallError
from services.settings import Settings

# Seconds that one conversation with the mail server may take.
TIMEOUT = 60
PERMANENT = range(500, 600)


class UnsendableError(RollcallError):
    """This mail can't be sent, however often it is tried."""


class NotSentError(RollcallError):
    """This mail wasn't sent; it may be the next time."""


class _Conversation(Connection):
    """Says goodbye only after a whole conversation. The library always does, waits for the answer,
    and forgets over it what had gone wrong: a worker that is told to stop went on."""

    async def __aexit__(self, _kind: object, error: object, _trace: object) -> None:
        try:
            if error is None:
                await self.session.quit()
        finally:
            self.session.close()


async def hand_over(message: EmailMessage, recipient: str, settings: Settings) -> None:
    """Hand a mail over. Raises `UnsendableError` and `NotSentError`.

    Once the server has answered, nothing that follows changes it: some hang up without a goodbye.
    """
    outcome: Exception | None = NotSentError("The mail server hung up in the middle.")
    try:
        async with asyncio.timeout(TIMEOUT), _Conversation(configure(settings)) as talk:
            try:
                await talk.session.send_message(message, recipients=[recipient])
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
                raise
            except aiosmtplib.SMTPException as error:
                outcome = _refusal(error)
            else:
                outcome = None
    except TimeoutError:
        outcome = outcome and NotSentError(f"The mail server took longer than {TIMEOUT} seconds.")
    except ConnectionErrors as error:
        # The library's own words are of no help; the reason is what it was raised from.
        raise NotSentError(_no_connection(error.__context__ or error, settings)) from error
    except (OSError, aiosmtplib.SMTPException):
        pass  # it hung up: before its answer, or after
    if outcome is not None:
        raise outcome


def configure(settings: Settings) -> ConnectionConfig:
    """The settings of the mail server, as the library takes them."""
    password = settings.mail_password.get_secret_value() if settings.mail_password else ""
    return ConnectionConfig(
        MAIL_USERNAME=settings.mail_username or "",
        MAIL_PASSWORD=password,
        MAIL_FROM=on_the_wire(settings.mail_from or ""),
        MAIL_SERVER=settings.mail_server or "",
        MAIL_PORT=settings.mail_port,
        MAIL_STARTTLS=settings.mail_starttls and not settings.mail_ssl_tls,
        MAIL_SSL_TLS=settings.mail_ssl_tls,
        USE_CREDENTIALS=bool(settings.mail_username),
        VALIDATE_CERTS=True,
        TIMEOUT=TIMEOUT,
    )


def _refusal(error: aiosmtplib.SMTPException) -> RollcallError:
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return UnsendableError(f"The mail server can't send to this address: {error}")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _refusal(error.recipients[0])
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = f"{error.code} {error.message}"
        return UnsendableError(words) if error.code in PERMANENT else NotSentError(words)
    return NotSentError(str(error))


def _no_connection(error: BaseException, settings: Settings) -> str:
    server = f"{settings.mail_server}, port {settings.mail_port}"
    causes = _causes(error)
    if any(isinstance(cause, aiosmtplib.SMTPAuthenticationError) for cause in causes):
        return (
            f"The mail server doesn't let Rollcall in: {error}. "
            "Check ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD."
        )
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return (
            f"The certificate of {server} isn't trusted: {error}. Give ROLLCALL_MAIL_SERVER the "
            "name that is in it, or have a certificate that this machine trusts."
        )
    tls_is_off = isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error).upper()
    if tls_is_off or any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"TLS with {server} failed: {error}. Check ROLLCALL_MAIL_PORT, and whether "
            "ROLLCALL_MAIL_STARTTLS or ROLLCALL_MAIL_SSL_TLS is what it wants."
        )
    if any(isinstance(c, TimeoutError | aiosmtplib.SMTPTimeoutError) for c in causes):
        return f"The mail server ({server}) doesn't answer."
    return (
        f"The mail server ({server}) can't be reached: {error}. If it stays so, check "
        "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT."
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
