"""A real SMTP server to send to, which can fail in the ways that real ones do."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 OK"


@dataclass(frozen=True)
class Received:
    """One delivery: who it was for, as the envelope says, and what it says."""

    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes

    def part(self, kind: str) -> str:
        """The text of the part of this kind: "plain" or "html"."""
        body = self.message.get_body(preferencelist=(kind,))
        assert body is not None, f"no {kind} part"
        return cast(str, body.get_content())


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class MailServer:
    """A server on 127.0.0.1 that records what it accepts.

    Set `refused` (email to answer), `answer` (at every mail's end), `delay` (before it, in
    seconds; clear `may_answer`, to say when), `drop` (hang up instead of answering), `rude` (hang
    up instead of a goodbye), or `echo` (refuse, and repeat what was sent, to these emails) to
    make it difficult; or `stalled` (recipients' domains that RCPT isn't answered for, or commands:
    EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA), `refused_hello` and `refused_sender` (the answers to
    EHLO and MAIL). With a `password`, who sends must know it; with a `certificate`, it offers TLS,
    and takes nothing without it if it `wants_tls`.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    echo: set[str] = field(default_factory=set)
    password: str = field(default="", repr=False)
    answer: str = OK
    drop: bool = False
    rude: bool = False
    delay: float = 0.0
    may_answer: asyncio.Event = field(default_factory=_set_event)
    attempts: int = 0
    utf8: bool = True
    stalled: set[str] = field(default_factory=set)
    refused_hello: str = ""
    refused_sender: str = ""
    hellos: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    certificate: ssl.SSLContext | None = None
    wants_tls: bool = False

    def to(self, email: str) -> list[Received]:
        """The mails to this email, oldest first."""
        return [mail for mail in self.received if email in mail.recipients]

    async def is_free(self, *names: str) -> None:
        """Wait until none of these is `stalled` any more."""
        while not self.stalled.isdisjoint(names):  # noqa: ASYNC110 - until a test clears it
            await asyncio.sleep(0.02)

    # The names and parameters of the hooks below are aiosmtpd's.

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        self.hellos.append(name)
        if self.refused_hello:
            return [self.refused_hello]
        session.host_name = name
        return answers

    async def handle_HELO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, name: str
    ) -> str:
        if self.refused_hello:
            return self.refused_hello
        session.host_name = name
        return OK

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, email: str, options: list[str]
    ) -> str:
        self.senders.append(email)
        await self.is_free("MAIL")
        if self.refused_sender:
            return self.refused_sender
        envelope.mail_from = email
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, email: str, options: list[str]
    ) -> str:
        await self.is_free("RCPT", email.rpartition("@")[2])
        if email in self.refused:
            self.attempts += 1
            return self.refused[email]
        envelope.rcpt_tos.append(email)
        return OK

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.attempts += 1
        await asyncio.sleep(self.delay)
        await self.may_answer.wait()
        if self.echo.intersection(envelope.rcpt_tos):
            message = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
            body = message.get_body(preferencelist=("plain",))
            said = " ".join(str(body.get_content()).split()) if body else ""
            return f"554 5.7.1 {self.password} may not say: {said}"[:900]
        if self.drop:
            _hang_up(server)
            return OK
        if self.answer == OK:
            raw = cast(bytes, envelope.content)
            message = message_from_bytes(raw, policy=policy.default)
            self.received.append(Received(tuple(envelope.rcpt_tos), message, raw))
        return self.answer

    async def handle_QUIT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.rude:
            _hang_up(server)
        return "221 Bye"

    def knows(self, *given: object) -> AuthResult:
        """Whether who sends has said the password; as aiosmtpd wants it."""
        told = given[-1]
        return AuthResult(
            success=isinstance(told, LoginPassword) and told.password == self.password.encode(),
            handled=False,  # the library answers
        )


class _Smtp(SMTP):
    # It has no hooks before these.

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        await cast(MailServer, self.event_handler).is_free("EHLO")
        await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        await cast(MailServer, self.event_handler).is_free("STARTTLS")
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        await cast(MailServer, self.event_handler).is_free("AUTH")
        await super().smtp_AUTH(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        await cast(MailServer, self.event_handler).is_free("DATA")
        await super().smtp_DATA(arg)


def _hang_up(connection: SMTP) -> None:
    if isinstance(connection.transport, asyncio.Transport):
        connection.transport.abort()


@asynccontextmanager
async def receiving_mail(port: int = 0, *, password: str = "") -> AsyncIterator[MailServer]:
    """Receive mail on a free port of 127.0.0.1 (or on this one) until the block ends."""
    mail_server = MailServer(password=password)
    loop = asyncio.get_running_loop()
    connections: list[SMTP] = []

    def connected() -> SMTP:
        connection = _Smtp(
            mail_server,
            hostname="localhost",
            enable_SMTPUTF8=mail_server.utf8,
            loop=loop,
            authenticator=mail_server.knows if password else None,
            auth_required=bool(password),
            auth_require_tls=False,
            tls_context=mail_server.certificate,
            require_starttls=mail_server.wants_tls,
        )
        connections.append(connection)
        return connection

    listener = await loop.create_server(connected, "127.0.0.1", port)
    mail_server.port = listener.sockets[0].getsockname()[1]
    try:
        yield mail_server
    finally:
        listener.close()
        for connection in connections:
            _hang_up(connection)
        await listener.wait_closed()
        await asyncio.sleep(0)  # the connections learn of it
