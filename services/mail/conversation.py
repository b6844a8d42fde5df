"""A connection to the mail server, by the library, which takes a tenth of a second to import."""

from contextlib import ExitStack

import aiosmtplib
from fastapi_mail import ConnectionConfig
from fastapi_mail.connection import Connection
from fastapi_mail.errors import ConnectionErrors

from services.core.emails import in_ascii, on_the_wire
from services.core.settings import Settings

__all__ = ["ConnectionErrors", "Conversation", "begin"]


def begin(settings: Settings, own_name: str, patience: int) -> "Conversation":
    """A connection that isn't open yet: `own_name` is what Rollcall calls itself, and `patience`
    how many seconds each of the first answers may take."""
    password = settings.mail_password.get_secret_value() if settings.mail_password else ""
    return Conversation(
        ConnectionConfig(
            MAIL_USERNAME=settings.mail_username or "",
            MAIL_PASSWORD=password,
            MAIL_FROM=on_the_wire(settings.mail_from or ""),
            MAIL_SERVER=in_ascii(settings.mail_server or ""),
            MAIL_PORT=settings.mail_port,
            MAIL_STARTTLS=settings.mail_starttls and not settings.mail_ssl_tls,
            MAIL_SSL_TLS=settings.mail_ssl_tls,
            USE_CREDENTIALS=bool(settings.mail_username),
            VALIDATE_CERTS=True,
            TIMEOUT=patience,
            LOCAL_HOSTNAME=own_name,
        )
    )


class Conversation(Connection):
    """The library's connection, without its goodbye: that waits for an answer even after the
    conversation broke off, and loses what had gone wrong."""

    async def open(self) -> None:
        """Connect and sign in; raises the library's `ConnectionErrors`."""
        with ExitStack() as undo:
            undo.callback(self.close)
            await self._configure_connection()
            try:
                if self.session.is_ehlo_or_helo_needed:
                    await greet(self.session)
            except aiosmtplib.SMTPException as error:
                raise ConnectionErrors(str(error)) from error  # type: ignore[no-untyped-call]  # fastapi-mail's
            undo.pop_all()

    def close(self) -> None:
        """Hang up, if there is a connection."""
        if hasattr(self, "session"):
            self.session.close()


async def greet(session: aiosmtplib.SMTP) -> None:
    """Say EHLO, or HELO to a server from before 1995. Raises aiosmtplib's errors."""
    try:
        await session.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not session.is_connected:
            raise
        await session.helo()
