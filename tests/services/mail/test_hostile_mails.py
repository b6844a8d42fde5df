"""Every mail with texts that mean harm in all that it says: it keeps its headers, its elements and
its links, whatever somebody is called and whatever an old row holds."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from uuid import UUID

import pytest
from jinja2 import Environment, meta

from models import (
    Comment,
    LinkPurpose,
    MailTemplate,
    OutgoingMail,
    Poc,
    Task,
    Tenant,
    User,
)
from services.access import one_time_links
from services.core.names import hides_something
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.mail import letters
from services.mail.message import Letter, as_bytes, compose
from services.mail.wordings import MAILS
from services.workspace.comments import NewCommentForm, post
from services.workspace.members import add_member
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from tests.hostile import HOSTILE
from tests.mail_server import MailServer
from tests.markup import Reader
from tests.services.workspace.scene import create_poc, create_task

AT = datetime(2026, 11, 26, tzinfo=UTC)
LONGEST_LINE = 998  # RFC 5322, section 2.1.1
PLAIN = "Plain"
TO, FROM = "ada@example.org", "rollcall@example.com"
URL = "https://rollcall.example.com/t/acme/users"
PURPOSES = {
    MailTemplate.INVITATION: LinkPurpose.INVITATION,
    MailTemplate.ROLE_CORRECTED: LinkPurpose.INVITATION,
    MailTemplate.RESET: LinkPurpose.RESET,
    MailTemplate.EMAIL_CONFIRM: LinkPurpose.EMAIL_CONFIRM,
    MailTemplate.EMAIL_CHANGED: LinkPurpose.EMAIL_REVERT,
    MailTemplate.CUSTOMER_INVITATION: LinkPurpose.CUSTOMER_INVITATION,
    MailTemplate.CUSTOMER_VISIT: LinkPurpose.CUSTOMER_VISIT,
}
"""The mails that have a link, and what it is for."""
LEAST_WORDS = 5
"""How many words each mail says at least."""
NO_TEXT = {"half-a-pair", "other-half"}
"""What no database holds and no mail can say."""


def _words(template: MailTemplate) -> set[str]:
    """The names of all that a mail says."""
    environment = Environment(autoescape=True)
    names = {"first_name", "last_name", "role", "tenant_name", "sender_name"}
    for part in (letters.TEMPLATES / template.value).iterdir():
        names |= meta.find_undeclared_variables(environment.parse(part.read_text("utf-8")))
    if template in MAILS:
        names |= {field.name for field in MAILS[template].fields} | {"ends"}
    return names - {"words", "link_url"}


def _says(template: MailTemplate, texts: Sequence[str], number: int) -> dict[str, str]:
    """What one of the mails says: each word is another of the texts, and in the mails together they
    are all of them."""
    words = sorted(name for name in _words(template) if not name.endswith("_url"))
    first = number * len(words)
    said = {name: texts[(first + at) % len(texts)] for at, name in enumerate(words)}
    return said | {name: URL for name in _words(template) if name.endswith("_url")}


def _row(
    template: MailTemplate, tenant: Tenant, user: User, link: UUID | None, params: dict[str, str]
) -> OutgoingMail:
    return OutgoingMail(
        tenant_id=tenant.id,
        user_id=user.id,
        link_id=link,
        template=template,
        recipient=TO,
        params=params,
        message_id="<1@example.com>",
        next_attempt_at=AT,
        created_at=AT,
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    assert body is not None
    return str(body.get_content())


def _links(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]*)"', html)


def _sent(letter: Letter | None) -> tuple[bytes, EmailMessage]:
    assert letter is not None
    raw = as_bytes(compose(letter, FROM, TO, AT), utf8=False)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return raw, message


def _faults(raw: bytes, message: EmailMessage, plain: EmailMessage) -> Iterator[str]:
    """What the mail has that one of plain words doesn't have."""
    html = _part(message, "html")
    elements = (Reader(_part(one, "html")).elements | {"br": 0} for one in (message, plain))
    held = {
        "only ASCII": raw.isascii(),
        "no long line": max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE,
        "no broken line": not re.search(rb"\r(?!\n)|(?<!\r)\n", raw),
        "its headers": message.keys() == plain.keys(),
        "its recipient": [one.addr_spec for one in message["To"].addresses] == [TO],
        "its sender": [one.addr_spec for one in message["From"].addresses] == [FROM],
        "its elements": next(elements) == next(elements),
        "its links": _links(html) == _links(_part(plain, "html")),
        "its links as text": set(_links(html)) <= set(_part(message, "plain").split()),
    }
    yield from (what for what, holds in held.items() if not holds)


@pytest.mark.walk
@ONE_DATABASE  # a mail is written by no database
async def test_no_words_change_a_mail_but_for_what_it_says(
    rollcall: Runtime, tenant: Tenant
) -> None:
    user = await create_user(tenant)
    texts = [hostile.text for hostile in HOSTILE if hostile.name not in NO_TEXT]
    async with transaction() as tx:
        links = {of: one_time_links.issue(tx, of, user.id).id for of in set(PURPOSES.values())}
    wrong = []
    async with reading() as tx:
        for template in set(MailTemplate) - {MailTemplate.TEST, MailTemplate.MENTIONED}:
            link = links[PURPOSES[template]] if template in PURPOSES else None
            row = partial(_row, template, tenant, user, link)
            said = _says(template, [PLAIN], 0)
            _, plain = _sent(await letters.write(tx, row(said)))
            for number in range(-(-len(texts) // LEAST_WORDS)):
                said = _says(template, texts, number)
                found = _faults(*_sent(await letters.write(tx, row(said))), plain)
                wrong += [(template.value, what, said) for what in found]
    assert wrong == []


@ONE_DATABASE  # a mail is written by no database
async def test_a_mail_hides_nothing_of_names_from_before(rollcall: Runtime, tenant: Tenant) -> None:
    user = await create_user(tenant)
    template = MailTemplate.CONTACT_NAMED
    turned = "Ada \N{RIGHT-TO-LEFT OVERRIDE}nimda\N{ZERO WIDTH SPACE}"
    params = _says(template, [turned], 0)
    async with reading() as tx:
        letter = await letters.write(tx, _row(template, tenant, user, None, params))
    assert letter is not None
    for part in (letter.sender_name, letter.subject, letter.text, letter.html):
        assert "Ada [U+202E]nimda[U+200B]" in part
        assert not hides_something(part)


@pytest.mark.walk
@ONE_DATABASE  # a mail is written by no database
async def test_no_comment_changes_a_mail_but_for_what_it_says(
    rollcall: Runtime, tenant: Tenant, mail_server: MailServer
) -> None:
    author = await create_user(tenant)
    user = await create_user(tenant, first_name="Joan", email=TO)
    actor = await sign_in(author)
    poc_id = await create_poc(actor)
    task_id = await create_task(actor, poc_id)
    await add_member(actor, poc_id, user.id)
    said = NewCommentForm(body="@Joan", mention_ids=(user.id,), task_id=task_id)
    comment_id = await post(actor, poc_id, said)
    (row,) = await books.mails_of(user.id)
    wrong = []
    async with reading() as tx:
        whole = [await tx.get_one(User, author.id), await tx.get_one(Poc, poc_id)]
        comment, task = await tx.get_one(Comment, comment_id), await tx.get_one(Task, task_id)
        plain = None
        for text in (PLAIN, *(one.text for one in HOSTILE if one.name not in NO_TEXT)):
            whole[0].first_name = whole[1].title = whole[1].customer = task.title = text
            comment.body = f"```\n{text}\n```"  # as the words that they are
            with tx.no_autoflush:
                sent = _sent(await letters.write(tx, row))
            plain = plain or sent[1]
            wrong += [(text, what) for what in _faults(*sent, plain)]
    assert wrong == []
