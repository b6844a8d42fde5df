"""The mails to people whom a comment mentions while they aren't here.

A mail is promised with the comment, and due a little later. What it says is found when it is sent:
the outbox holds none of the comment's words, and who was here meanwhile, or isn't meant any more,
gets none.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import col, func, select

from models import (
    Comment,
    CommentMention,
    LoginSession,
    MailState,
    MailTemplate,
    OutgoingMail,
    Poc,
    Task,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.permissions import Permission, may
from services.audit.acting import Act
from services.core import clock
from services.core.words import isolated_where_needed
from services.database import runtime
from services.database.transaction import Transaction
from services.mail import outbox
from services.mail.outbox import LeftOutError
from services.sessions import presence
from services.workspace.markdown import plain_of
from services.workspace.people import find_people
from services.workspace.rights import is_member

WAIT = timedelta(minutes=2)
"""How long a mail waits for more comments, and for the person to come and read them here."""
MOST_COMMENTS = 5
"""How many comments one mail shows; it counts the others."""
MOST_WORDS = 600
"""How many characters of a comment a mail shows: about what fits on a phone's screen."""
MOST_AUTHORS = 2
HERE_FOR = timedelta(minutes=5)
"""How long somebody with an open page counts as here after they last opened one, or did something:
about as long as reading a page takes. A page that is left open says nothing about who reads it."""
TOLD_LATER = "A later mail tells of it."


async def promise(act: Act, poc: Poc, comment: Comment, users: Sequence[User]) -> None:
    """Promise the mail to these users, whom a comment mentions now and whom the act has locked; to
    those who want it, aren't here, and weren't promised one about this comment before. (Who hasn't
    accepted their invitation may be nobody whom the organisation knows.) What waits for one of them
    about the same POC tells of this comment, too."""
    wanting = [user for user in users if user.wants_mention_mails and not user.invited]
    if not outbox.is_configured():
        return
    absent = [
        user
        for user in wanting
        if user.id != comment.author_id and not await _is_here(act.tx, user)
    ]
    if not absent:
        return
    tenant = await act.get_tenant()
    for user in absent:
        if comment.edited_at is not None and await _was_promised(act.tx, user, comment):
            continue
        waiting = await _waiting(act.tx, user, poc)
        untried = [mail for mail in waiting if mail.attempts == 0]
        mail = untried[0] if untried else _enqueue(act.tx, user, poc, tenant)
        if mail is None:
            continue
        told = {str(comment.id): clock.now().isoformat()}
        for other in waiting:
            told = {**other.params["told"], **told}
            if other is not mail:
                other.state, other.last_answer = MailState.CANCELLED, TOLD_LATER
        mail.params = {**mail.params, "told": told}


def _enqueue(tx: Transaction, user: User, poc: Poc, tenant: Tenant) -> OutgoingMail | None:
    template = MailTemplate.MENTIONED
    mail = outbox.enqueue(tx, template, user, tenant_name=tenant.name, poc_id=str(poc.id))
    if mail is not None:
        mail.next_attempt_at = mail.created_at + WAIT
    return mail


async def _was_promised(tx: Transaction, user: User, comment: Comment) -> bool:
    found = await tx.exec(
        select(OutgoingMail.params).where(
            OutgoingMail.user_id == user.id,
            OutgoingMail.template == MailTemplate.MENTIONED,
            OutgoingMail.state != MailState.CANCELLED,
            # Not by when it was promised: a mail that waits for long takes in later comments.
            cast(col(OutgoingMail.params), String).contains(str(comment.id)),
        )
    )
    return any(str(comment.id) in params["told"] for params in found)


async def _waiting(tx: Transaction, user: User, poc: Poc) -> Sequence[OutgoingMail]:
    """The mails to this user about this POC that nobody is sending, and that can't have arrived:
    more than one where the mail server was away. They are locked, so that nobody begins meanwhile.
    """
    found = await tx.exec(
        select(OutgoingMail)
        .where(
            OutgoingMail.user_id == user.id,
            OutgoingMail.template == MailTemplate.MENTIONED,
            outbox.IS_WAITING,
            col(OutgoingMail.leased_until).is_(None),
            col(OutgoingMail.maybe_arrived).is_(False),
        )
        .order_by(col(OutgoingMail.id))
        .with_for_update(key_share=True)
    )
    return [mail for mail in found if mail.params["poc_id"] == str(poc.id)]


@outbox.said_late(MailTemplate.MENTIONED)
async def find_said(tx: Transaction, mail: OutgoingMail) -> Mapping[str, Any]:
    """What the mail says now. Raises `LeftOutError` where there is nothing left to say to them."""
    user, poc = await tx.get_one(User, mail.user_id), await _poc(tx, mail)
    if not (user.active and may(user.role, Permission.COMMENT)):
        raise LeftOutError("They were deactivated.")
    if mail.recipient != user.email:
        raise LeftOutError("Their email was changed.")
    if not user.wants_mention_mails:
        raise LeftOutError("They want no such mails any more.")
    if poc.archived_at is not None or not await is_member(tx, poc.id, user.id):
        raise LeftOutError("They don’t work on the POC any more.")
    found = await _comments(tx, mail, user)
    if not found:
        raise LeftOutError("The comment was removed, or changed.")
    seen_at = await _last_seen(tx, user)
    unseen = [one for one in found if not _was_here(user, seen_at, _told_at(mail, one[0]))]
    if not unseen:
        raise LeftOutError("They were here meanwhile.")
    tenant = await tx.get_one(Tenant, poc.tenant_id)
    base = runtime.current().settings.public_url + one_time_links.path_of(tenant.slug)
    people = await find_people(tx, [comment.author_id for comment, _ in unseen])
    names = [
        isolated_where_needed(people[comment.author_id].name)
        for comment, _ in unseen
        if comment.author_id
    ]
    return {
        "author": _in_words(list(dict.fromkeys(names))),
        "poc": isolated_where_needed(poc.title),
        "customer": isolated_where_needed(poc.customer),
        "comments": [
            {
                "author": name,
                "task": isolated_where_needed(task.title) if task else "",
                "lines": _shortened(await plain_of(comment.body)).splitlines(),
                "comment_url": f"{base}/pocs/{poc.id}/comments?comment={comment.id}",
            }
            for name, (comment, task) in zip(names, unseen[:MOST_COMMENTS], strict=False)
        ],
        "more": max(0, len(unseen) - MOST_COMMENTS),
    }


async def _poc(tx: Transaction, mail: OutgoingMail) -> Poc:
    return await tx.get_one(Poc, UUID(mail.params["poc_id"]))


async def _comments(
    tx: Transaction, mail: OutgoingMail, user: User
) -> Sequence[tuple[Comment, Task | None]]:
    """The comments of which the mail tells and that still mention the user, the oldest first."""
    found = await tx.exec(
        select(Comment, Task)
        .join(CommentMention, col(CommentMention.comment_id) == Comment.id)
        .join(Task, col(Task.id) == Comment.task_id, isouter=True)
        .where(
            col(Comment.id).in_([UUID(comment_id) for comment_id in mail.params["told"]]),
            col(Comment.removed_at).is_(None),
            col(Task.archived_at).is_(None),
            CommentMention.user_id == user.id,
        )
        .order_by(col(Comment.id))
    )
    return found.all()


def _told_at(mail: OutgoingMail, comment: Comment) -> datetime:
    return datetime.fromisoformat(mail.params["told"][str(comment.id)])


async def _is_here(tx: Transaction, user: User) -> bool:
    """Whether they have a page open, and used one lately."""
    if not presence.is_online(user.id):
        return False
    return _was_here(user, await _last_seen(tx, user), clock.now() - HERE_FOR)


def _was_here(user: User, seen_at: datetime | None, since: datetime) -> bool:
    """Whether they opened a page since then, or did something: Home tells of every mention."""
    return presence.has_opened_since(user.id, since) or (seen_at is not None and seen_at >= since)


async def _last_seen(tx: Transaction, user: User) -> datetime | None:
    """The last sign of life in the database, by whichever process: to about a minute."""
    last_seen_at = select(func.max(LoginSession.last_seen_at))
    return (await tx.exec(last_seen_at.where(LoginSession.user_id == user.id))).one()


def _in_words(names: Sequence[str]) -> str:
    if len(names) <= MOST_AUTHORS:
        return " and ".join(names)
    return f"{', '.join(names[:MOST_AUTHORS])} and {len(names) - MOST_AUTHORS} more"


def _shortened(words: str) -> str:
    """The beginning of long words, up to the end of one of them if that isn't far."""
    if len(words) <= MOST_WORDS:
        return words
    begun = words[:MOST_WORDS]
    whole = begun[: max(begun.rfind(" "), begun.rfind("\n"))]
    return f"{(whole if len(whole) > MOST_WORDS / 2 else begun).rstrip()}…"
