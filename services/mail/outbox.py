"""The outbox: a mail is a row of the transaction that promised it. `delivery` sends it."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from email.utils import make_msgid
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, func, or_, select, update

from models import CustomerPerson, MailState, MailTemplate, OneTimeLink, OutgoingMail, User
from services.core import clock
from services.core.emails import on_the_wire
from services.core.errors import ConflictError, RollcallError
from services.database import runtime
from services.database.prepared import Prepared
from services.database.transaction import LOCKED, Transaction
from services.mail.events import CustomerMailProgressed, MailProgressed

Recipient = User | CustomerPerson
"""The people whom mails are for."""

MOST_TO_ONE = 20
"""How many mails may be promised to one person within `COUNTED` before more links for them are
refused. Without it, a script that sends a link again and again would fill a mailbox that may be
anybody's. People who send a link once more do so two or three times."""
COUNTED = timedelta(minutes=10)


class LeftOutError(RollcallError):
    """A mail that waits says nothing any more; the sentence says why."""


Late = Callable[[Transaction, OutgoingMail], Awaitable[Mapping[str, Any]]]
"""What a mail says besides its `params`, found when it is sent. Raises `LeftOutError`."""
_declared: dict[MailTemplate, Late] = {}


def said_late(template: MailTemplate) -> Callable[[Late], Late]:
    """Declare the function that finds, each time a mail of this template is about to be sent, what
    it says then. So the outbox keeps no words that may be changed or taken back meanwhile."""

    def declare(late: Late) -> Late:
        _declared[template] = late
        return late

    return declare


async def find_late(tx: Transaction, mail: OutgoingMail) -> Mapping[str, Any]:
    """What a mail says besides its `params`, as it is now. Raises `LeftOutError`."""
    late = _declared.get(mail.template)
    return await late(tx, mail) if late else {}


def is_configured() -> bool:
    """Whether there is a mail server to deliver to."""
    return runtime.current().settings.mail_server is not None


def enqueue(
    tx: Transaction,
    template: MailTemplate,
    to: Recipient,
    link: OneTimeLink | None = None,
    *,
    tenant_name: str,
    sender_name: str = "",
    **params: str,
) -> OutgoingMail | None:
    """Promise a mail, with a one-time link or without one, which is due at once; none if no mail
    server is configured."""
    settings = runtime.current().settings
    if not is_configured() or settings.mail_from is None:
        return None
    now = clock.now()
    domain = on_the_wire(settings.mail_from).rpartition("@")[2]
    mail = OutgoingMail(
        tenant_id=to.tenant_id,
        user_id=to.id if isinstance(to, User) else None,
        customer_id=None if isinstance(to, User) else to.id,
        link_id=link.id if link else None,
        template=template,
        lane=template.lane,
        recipient=to.email,
        params={
            **params,
            "first_name": to.first_name,
            "last_name": to.last_name,
            "role": to.role.label if isinstance(to, User) else "",
            "tenant_name": tenant_name,
            "sender_name": sender_name,
        },
        message_id=make_msgid(domain=domain),
        next_attempt_at=now,
        created_at=now,
    )
    tx.add(mail)
    return mail


async def require_room(tx: Transaction, to: Recipient) -> None:
    """Refuse one more link for a person who is locked, and to whom many mails went just now. Raises
    `ConflictError`. Mentions don't count: colleagues who write much keep nobody from a link."""
    mine = col(OutgoingMail.user_id) if isinstance(to, User) else col(OutgoingMail.customer_id)
    lately = col(OutgoingMail.created_at) > clock.now() - COUNTED
    counts = col(OutgoingMail.template) != MailTemplate.MENTIONED
    counted = await tx.exec(select(func.count()).where(mine == to.id, lately, counts))
    if counted.one() >= MOST_TO_ONE:
        raise ConflictError(
            f"{MOST_TO_ONE} mails went to {to.full_name} within ten minutes. Wait a little, then "
            "try again."
        )


IS_WAITING = col(OutgoingMail.state).not_in(
    [state for state in MailState if state is not MailState.WAITING]
)
"""That a mail waits, for queries in which another condition leaves few rows. It is written without
"=", for which SQLite would choose an index of the states, and read all mails that wait."""

# Built once: invitations, activations and many other acts use them.
_THEIRS = (
    or_(
        col(OutgoingMail.user_id).in_(bindparam("recipient_ids", expanding=True)),
        col(OutgoingMail.customer_id).in_(bindparam("recipient_ids", expanding=True)),
    ),
    IS_WAITING,
    col(OutgoingMail.template).in_(bindparam("templates", expanding=True)),
)
_WAITING = Prepared(select(OutgoingMail.id).where(*_THEIRS).limit(1), sees_changes=True)
_CANCEL = update(OutgoingMail).where(*_THEIRS).values(state=MailState.CANCELLED)


async def cancel(
    tx: Transaction, recipient_ids: UUID | Collection[UUID], *templates: MailTemplate
) -> int:
    """Don't send what still waits for somebody, or for several (of these templates, or of all);
    returns how many mails that were."""
    ids = [recipient_ids] if isinstance(recipient_ids, UUID) else list(recipient_ids)
    asked = {"recipient_ids": ids, "templates": list(templates or MailTemplate)}
    if not await _WAITING.rows(tx, **asked):
        return 0  # as nearly always: to look takes less than an update
    return (await tx.exec(_CANCEL, params=asked)).rowcount


async def lock_recipient(tx: Transaction, mail: OutgoingMail) -> Recipient:
    """The person whom a mail is for, locked, as they are now."""
    if mail.user_id is None:
        return await tx.get_one(CustomerPerson, mail.customer_id, **LOCKED)
    return await tx.get_one(User, mail.user_id, **LOCKED)


def progressed(tx: Transaction, to: Recipient) -> None:
    """Tell the open pages that a mail to somebody has got further."""
    to.changed()
    if isinstance(to, User):
        tx.publish(MailProgressed(tenant_id=to.tenant_id, user_id=to.id))
    else:
        tx.publish(CustomerMailProgressed(tenant_id=to.tenant_id, customer_id=to.id))
