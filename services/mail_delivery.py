"""Delivers the outbox, one mail at a time, with growing pauses; any number of replicas may do it.

A mail is leased before it is sent and its result recorded after. A crash in between sends it
again with the same Message-ID: twice perhaps, never not at all.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from fastapi_mail import (
    FastMail,
    MessageSchema,
    MessageType,
    MultipartSubtypeEnum,
    NameEmail,
)
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import ColumnElement, case
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from models import LinkPurpose, MailState, MailTemplate, OneTimeLink, OutgoingMail, Tenant, User
from services import clock, links, runtime
from services.db import reading, transaction
from services.emails import on_the_wire
from services.errors import RollcallError
from services.mail import is_configured, progressed
from services.mail_server import (
    TIMEOUT,
    NotSentError,
    UnsendableError,
    configure,
    hand_over,
)
from services.personal_links import address_of
from services.settings import Settings

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "mail_templates"
# A lease outlasts the longest conversation, so that two replicas never send one mail at once.
LEASE = timedelta(seconds=TIMEOUT * 3)
# The pauses after each failed attempt; after the last of them the mail has failed.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600, 3600 * 3, 3600 * 6)
)
IDLE_SECONDS = 1.0
LONGEST_ANSWER = 500

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class Letter:
    """A mail, rendered."""

    recipient: str
    sender_name: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    token: str = field(repr=False)
    """The link's, which is nobody's business but the recipient's."""


async def deliver_forever() -> None:
    """Deliver whatever is due, until cancelled."""
    while True:
        try:
            delivered = is_configured() and await deliver_next()
        except RollcallError as error:
            log.warning("The outbox can't be read now: %s", error)
            delivered = False
        if not delivered:
            await asyncio.sleep(IDLE_SECONDS)


async def deliver_next() -> bool:
    """Deliver the mail that has been due the longest; tells whether there was one."""
    leased = await _lease()
    if leased is None:
        return False
    try:
        letter = await _render(leased)
    except RollcallError as error:
        await _record(leased, MailState.FAILED, str(error))
        return True
    if letter is None:
        await _record(leased, MailState.CANCELLED, "The link was used or replaced meanwhile.")
        return True
    try:
        await _send(letter, runtime.current().settings)
    except UnsendableError as error:
        await _record(leased, MailState.FAILED, _without_secrets(str(error), letter))
    except NotSentError as error:
        await _record(leased, MailState.WAITING, _without_secrets(str(error), letter))
    else:
        await _record(leased, MailState.SENT, "")
    return True


async def _lease() -> UUID | None:
    now = clock.now()
    async with reading() as tx:  # an empty outbox costs no write lock
        if (await tx.exec(_due(now).limit(1))).first() is None:
            return None
    async with transaction() as tx:
        due = _due(now).limit(1).with_for_update(skip_locked=True)
        mail = (await tx.exec(due)).first()
        if mail is None:
            return None
        mail.leased_until = now + LEASE
        mail.attempts += 1
        return mail.id


def _due(now: datetime) -> SelectOfScalar[OutgoingMail]:
    next_at, leased = col(OutgoingMail.next_attempt_at), col(OutgoingMail.leased_until)
    return (
        select(OutgoingMail)
        .where(
            OutgoingMail.state == MailState.WAITING,
            # Where more is left than the pause or the lease was long, the clock has stepped back
            # (unless another replica's is ahead by less than `APART`).
            or_(next_at <= now, next_at > _latest_next_attempt(now)),
            or_(leased.is_(None), leased <= now, leased > now + LEASE + clock.APART),
        )
        .order_by(col(OutgoingMail.next_attempt_at))
    )


def _latest_next_attempt(now: datetime) -> ColumnElement[datetime]:
    longest = now + clock.APART
    pauses = {attempts: longest + pause for attempts, pause in enumerate(PAUSES, start=1)}
    return case(pauses, value=col(OutgoingMail.attempts), else_=now)


async def _render(mail_id: UUID) -> Letter | None:
    """Write the mail, with its link as it is now; none where that is dead."""
    async with reading() as tx:
        mail = await tx.get_one(OutgoingMail, mail_id)
        link = await tx.get(OneTimeLink, mail.link_id) if mail.link_id else None
        tenant = await tx.get(Tenant, mail.tenant_id) if mail.tenant_id else None
    if mail.link_id is not None and (link is None or not link.is_live(clock.now())):
        return None
    base = runtime.current().settings.public_url + address_of(tenant.slug if tenant else None)
    values = {
        **mail.params,
        "email": mail.recipient,
        "sign_in_url": f"{base}/login",
    }
    token = ""
    if link is not None:
        token = links.token_of(link)
        page = "invitation" if link.purpose is LinkPurpose.INVITATION else "password/reset"
        values["link_url"] = f"{base}/{page}/{token}"
    return Letter(
        recipient=mail.recipient,
        sender_name=str(mail.params.get("tenant_name", "Rollcall")),
        subject=" ".join(_text(mail.template, "subject.txt", values).split()),
        text=_text(mail.template, "body.txt", values),
        html=_text(mail.template, "body.html", values),
        message_id=mail.message_id,
        token=token,
    )


def _text(template: MailTemplate, part: str, values: dict[str, Any]) -> str:
    return _environment.get_template(f"{template.value}/{part}").render(values)


async def _send(letter: Letter, settings: Settings) -> None:
    recipient = on_the_wire(letter.recipient)
    try:
        schema = MessageSchema(
            recipients=[NameEmail(recipient, recipient)],
            subject=_as_written(letter.subject),
            body=letter.text,
            alternative_body=letter.html,
            subtype=MessageType.plain,
            multipart_subtype=MultipartSubtypeEnum.alternative,
            from_name=_as_written(letter.sender_name),
            headers={"Auto-Submitted": "auto-generated"},
        )
        message = cast(EmailMessage, await FastMail(configure(settings)).get_message(schema))
    except (ValueError, UnicodeError) as error:
        raise UnsendableError(f"The mail can't be written: {error}") from error
    # The library makes a new Message-ID for each attempt, and adds a second where it is given one.
    del message["Message-ID"]
    message["Message-ID"] = letter.message_id
    for part in message.walk():
        if part.is_multipart():  # it says base64 there too, which RFC 2045, section 6.4, forbids
            del part["Content-Transfer-Encoding"]
    await hand_over(message, recipient, settings)


def _as_written(words: str) -> str:
    """A header's words, so that nobody takes any of them for an encoded one (RFC 2047, section 2)
    and shows what that would mean: a space without width comes between its first signs."""
    return words.replace("=?", "=\u200b?")


def _without_secrets(answer: str, letter: Letter) -> str:
    """The answer as it may be kept and shown: some servers repeat what they were told."""
    password = runtime.current().settings.mail_password
    for secret in (letter.token, password.get_secret_value() if password else ""):
        if secret:
            answer = answer.replace(secret, "…")
    return answer


async def _record(mail_id: UUID, state: MailState, answer: str) -> None:
    async with transaction() as tx:
        mail = await tx.get_one(OutgoingMail, mail_id)
        user = await tx.get_one(User, mail.user_id, with_for_update=True)
        await tx.refresh(mail)
        mail.leased_until = None
        mail.last_answer = answer[:LONGEST_ANSWER]
        if state is MailState.SENT:
            mail.state, mail.sent_at = state, clock.now()
        elif mail.state is MailState.WAITING:  # it may have been cancelled meanwhile
            retry = state is MailState.WAITING and mail.attempts <= len(PAUSES)
            if retry:
                mail.next_attempt_at = clock.now() + PAUSES[mail.attempts - 1]
            else:
                mail.state = MailState.FAILED if state is MailState.WAITING else state
        progressed(tx, mail, user)
