"""One conversation with the mail server: connect, greet, sign in, hand a mail over."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiosmtplib

from services.core.emails import in_ascii, on_the_wire
from services.core.errors import RollcallError
from services.core.lazily import lazily
from services.core.settings import Settings
from services.mail.errors import (
    BrokenOffError,
    MisconfiguredError,
    RefusedByPolicyError,
    UnansweredError,
    UnsendableError,
)
from services.mail.message import as_bytes
from services.mail.refusals import ANSWERS, no_smtputf8, refusal
from services.mail.troubles import no_connection

if TYPE_CHECKING:
    from services.mail import conversation
else:
    conversation = lazily("services.mail.conversation")

START_INPUT, COMPLETED = 354, 250
SEE_ITS_LOG = "If it stays so, see the log of the server that ROLLCALL_MAIL_SERVER names."
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class Patience:
    """How many seconds each answer of the server may take.

    From `mail` on these are the least that RFC 5321, section 4.5.3.2, asks of a client. Its five
    minutes for the greeting are meant for any server of the world. This server is the operator's
    own: if it stays silent, it is probably set up wrongly, and the operator should soon hear of it.
    """

    open: int = 20
    """For each of these: to connect, to greet, TLS, EHLO, and to sign in."""
    mail: int = 300
    rcpt: int = 300
    data: int = 120
    final_dot: int = 600
    quit: int = 5
    """Nothing depends on the answer to QUIT."""


PATIENCE = Patience()


async def hand_over(
    message: EmailMessage,
    recipient: str,
    settings: Settings,
    handing_over: Callable[[], None] | None = None,
) -> None:
    """Hand a mail over.

    `handing_over` is called when everything except the mail's text is agreed upon: from then on the
    mail may have arrived, whatever happens. Raises `UnsendableError`, `NotSentError` and the
    special cases of it in `errors`. Once the server has answered, nothing that follows changes
    the result: some servers hang up without a goodbye.
    """
    async with connected(settings) as session:
        sending = _Sending(session, settings, recipient)
        refused = await sending.send(message, handing_over or (lambda: None))
        await say_goodbye(session)
    if refused is not None:
        raise refused


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[aiosmtplib.SMTP]:
    """A connection to the server, with TLS and signed in as the settings say.

    Raises `NotSentError`, whose sentence names the setting.
    """
    begun = conversation.begin(settings, await own_name(settings), PATIENCE.open)
    try:
        await begun.open()
    except conversation.ConnectionErrors as error:
        # The library's own words don't help; the reason is the error that caused this one.
        raise no_connection(error.__context__ or error, settings) from error
    try:
        yield begun.session
    finally:
        begun.close()


async def try_sender(session: aiosmtplib.SMTP, settings: Settings) -> RollcallError | None:
    """Begin a mail to the sender itself and take it back; returns what the server's refusal means,
    if it refused.

    Many servers say only then that they want TLS, or somebody who has signed in. Raises
    `BrokenOffError`.
    """
    sender = on_the_wire(settings.mail_from or "")
    refused = await _Sending(session, settings, sender).try_sender()
    with suppress(OSError, aiosmtplib.SMTPException):
        await session.rset(timeout=PATIENCE.quit)
    return refused


async def say_goodbye(session: aiosmtplib.SMTP) -> None:
    """End a whole conversation."""
    with suppress(OSError, aiosmtplib.SMTPException):
        await session.quit(timeout=PATIENCE.quit)


class _Sending:
    """One mail, while the commands for it are sent."""

    def __init__(self, session: aiosmtplib.SMTP, settings: Settings, recipient: str) -> None:
        self.session, self.recipient = session, recipient
        self.sender, self.signs_in = on_the_wire(settings.mail_from or ""), settings.mail_username
        self.utf8 = not (self.sender.isascii() and recipient.isascii())
        self.encoding = "utf-8" if self.utf8 else "ascii"
        self.patience, self.command = PATIENCE.mail, "MAIL"
        self.handed_over = False

    async def send(
        self, message: EmailMessage, handing_over: Callable[[], None]
    ) -> RollcallError | None:
        """Send it; returns what the server's refusal means, if it refused. Raises if the
        conversation breaks off."""
        return await self._answered(self._commands(message, handing_over))

    async def try_sender(self) -> RollcallError | None:
        """The same of the commands that name the sender and the recipient, alone.

        Of the recipient only what may be wrong with the settings counts, which many servers say no
        sooner: the sender may have no mailbox, and who doesn't know us may put us off for now.
        """
        if (refused := await self._answered(self._mail())) is not None:
            return refused
        refused = await self._answered(self._rcpt())
        known = isinstance(refused, MisconfiguredError | RefusedByPolicyError)
        return refused if known else None

    async def _answered(self, commands: Awaitable[RollcallError | None]) -> RollcallError | None:
        try:
            return await commands
        except (UnicodeError, ValueError) as error:
            return UnsendableError(f"The mail can't be written: {error}")
        except aiosmtplib.SMTPServerDisconnected as error:
            raise self._broken("The mail server hung up in the middle.") from error
        except TimeoutError as error:
            to = "" if self.handed_over else f" to answer {self.command}"
            words = f"The mail server took longer than {self.patience} seconds{to}."
            raise self._broken(words) from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code not in ANSWERS:  # what came wasn't SMTP
                words = f"The mail server's answer makes no sense: {error.message}"
                raise self._broken(words) from error
            return refusal(error, self.sender, signs_in=bool(self.signs_in))
        except aiosmtplib.SMTPException as error:
            return refusal(error, self.sender, signs_in=bool(self.signs_in))

    def _broken(self, words: str) -> BrokenOffError:
        said = f"{words} {SEE_ITS_LOG}"
        return UnansweredError(said) if self.handed_over else BrokenOffError(said)

    async def _commands(
        self, message: EmailMessage, handing_over: Callable[[], None]
    ) -> RollcallError | None:
        content = as_bytes(message, utf8=self.utf8)
        if (refused := await self._mail()) is not None:
            return refused
        await self._rcpt()
        self.patience, self.command = PATIENCE.data, "DATA"
        answer = await self.session.execute_command(b"DATA", timeout=self.patience)
        if answer.code != START_INPUT:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        handing_over()
        await self._text(content)
        return None

    async def _mail(self) -> RollcallError | None:
        if self.utf8 and not self.session.supports_extension("smtputf8"):
            return no_smtputf8(self.sender, self.recipient)
        # RFC 6531, section 3.2, wants 8BITMIME beside it.
        options = ("SMTPUTF8", "BODY=8BITMIME") if self.utf8 else ()
        await self.session.mail(
            self.sender, options=options, encoding=self.encoding, timeout=self.patience
        )
        return None

    async def _rcpt(self) -> None:
        self.patience, self.command = PATIENCE.rcpt, "RCPT"
        await self.session.rcpt(self.recipient, encoding=self.encoding, timeout=self.patience)

    async def _text(self, content: bytes) -> None:
        """Send the text, and wait for the answer to the dot at its end.

        We do this ourselves, because the library's command has one time-out for this answer and for
        the answer to DATA. (A mail of ours fits into the socket's buffer: no time-out is needed for
        its blocks.)
        """
        protocol = self.session.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        self.patience, self.handed_over = PATIENCE.final_dot, True
        protocol.write(_FIRST_DOT.sub(b"..", content) + b".\r\n")
        answer = await protocol.read_response(timeout=self.patience)
        if answer.code != COMPLETED:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)


async def own_name(settings: Settings) -> str:
    """What Rollcall calls itself in EHLO: the setting, or the host of the public url, or this
    machine's full name, or (RFC 5321, section 4.1.3) an address literal.

    In a container the machine's name is made up and has no dot, and many servers refuse it.
    """
    if settings.mail_hostname:
        return in_ascii(settings.mail_hostname)
    host = urlsplit(settings.public_url).hostname or ""
    with suppress(ValueError):
        ip = ipaddress.ip_address(host)
        return f"[IPv6:{ip}]" if ip.version == 6 else f"[{ip}]"
    if "." in host:
        return in_ascii(host)
    machine = await asyncio.to_thread(socket.getfqdn)
    return machine if "." in machine and machine.isascii() else "[127.0.0.1]"
