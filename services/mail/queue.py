"""The outbox as a queue that any number of replicas take from: leases, pauses, and results.

The worker that sends a mail holds a lease, and renews it until the mail is sent, so that no other
worker sends it again. After a crash the lease runs out, and the mail is sent again.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, true
from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from models import MailState, OutgoingMail
from services.core import clock, operator_log
from services.database.transaction import reading, transaction
from services.mail import smtp
from services.mail.errors import NotSentError
from services.mail.lanes import Openings
from services.mail.outbox import lock_recipient, progressed

# A lease outlasts several renewals, so that one failed renewal does no harm.
LEASE = timedelta(minutes=3)
# Seconds until the first renewal, which also tells people that a mail is being sent (most are sent
# long before that), and between the later ones.
FIRST_RENEWAL, RENEWAL = 2.0, 30.0
# The pauses after each failed attempt; when the last of them is over, the mail has failed.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600, 3600 * 3, 3600 * 6)
)
LONGEST_ANSWER = 500


@dataclass
class Lease:
    """The right to send a mail, for this attempt."""

    mail_id: UUID
    attempt: int
    recipient: str
    renewed: float
    """When the lease was made or renewed, by the monotonic clock."""
    handed_over_at: datetime | None = None
    told: bool = False
    """Whether people have been told that the mail is being sent (or, later, handed over)."""

    @property
    def domain(self) -> str:
        """The domain of the recipient's email."""
        return domain_of(self.recipient)

    @property
    def is_over(self) -> bool:
        """Whether another worker may be sending the mail by now."""
        longest = _longest() if self.handed_over_at else LEASE
        return time.monotonic() - self.renewed > longest.total_seconds()

    def hand_over(self) -> None:
        """Note that the whole mail is about to be handed over.

        Raises `NotSentError` if the lease couldn't be renewed for so long that another worker may
        be sending the mail by now.
        """
        if time.monotonic() - self.renewed > LEASE.total_seconds() / 2:
            raise NotSentError("The database didn't answer while the mail was being sent.")
        self.handed_over_at, self.told = clock.now(), False


def domain_of(email: str) -> str:
    """The part after the @."""
    return email.rpartition("@")[2]


async def take(openings: Openings | None = None) -> Lease | None:
    """Take the mail that is next: in the most urgent lane, the one that has been due the longest.
    None if no mail is due that may be sent now."""
    openings = openings or Openings()
    now = clock.now()
    async with reading() as tx:  # an empty outbox costs no write lock
        if (await tx.exec(_due(now, openings).limit(1))).first() is None:
            return None
    async with transaction() as tx:
        due = _due(now, openings).limit(1).with_for_update(skip_locked=True, key_share=True)
        mail = (await tx.exec(due)).first()
        if mail is None:
            return None
        mail.leased_until = now + LEASE
        mail.attempts += 1
        if mail.handed_over_at is not None:  # the worker that did has died before the answer
            mail.handed_over_at, mail.maybe_arrived = None, True
        return Lease(mail.id, mail.attempts, mail.recipient, time.monotonic())


async def renew(lease: Lease) -> None:
    """Keep the lease (for longer if the whole mail was handed over), and tell people about it."""
    async with transaction() as tx:
        mail = await tx.get_one(OutgoingMail, lease.mail_id)
        to = await lock_recipient(tx, mail)
        await tx.refresh(mail)
        if mail.attempts != lease.attempt or mail.leased_until is None:
            return  # another worker has it, or it is over
        handed_over_at = lease.handed_over_at
        mail.leased_until = clock.now() + (_longest() if handed_over_at else LEASE)
        mail.handed_over_at = handed_over_at
        if not lease.told:
            progressed(tx, to)
    lease.renewed = time.monotonic()
    lease.told = lease.told or lease.handed_over_at == handed_over_at


async def settle(
    lease: Lease, state: MailState, answer: str, *, maybe_arrived: bool = False
) -> None:
    """Record what came of an attempt; `WAITING` means that it is to be tried again."""
    async with transaction() as tx:
        mail = await tx.get_one(OutgoingMail, lease.mail_id)
        to = await lock_recipient(tx, mail)
        await tx.refresh(mail)
        sent = state is MailState.SENT
        if mail.attempts != lease.attempt and not sent:
            return  # another worker sends it now, and will record it
        mail.leased_until = mail.handed_over_at = None
        mail.maybe_arrived = not sent and (mail.maybe_arrived or maybe_arrived)
        mail.last_answer = answer[:LONGEST_ANSWER]
        if sent:
            mail.state, mail.sent_at = state, clock.now()
        elif mail.state is MailState.WAITING:  # it may have been cancelled meanwhile
            _try_again_or_not(mail, state)
        progressed(tx, to)
    if mail.state is MailState.FAILED:
        said = operator_log.without_email(answer, mail.recipient)
        operator_log.mail_undeliverable(mail.id, to.id, mail.template.value, mail.attempts, said)


def _try_again_or_not(mail: OutgoingMail, state: MailState) -> None:
    if state is MailState.WAITING and mail.attempts <= len(PAUSES):
        mail.next_attempt_at = clock.now() + PAUSES[mail.attempts - 1]
    else:
        mail.state = MailState.FAILED if state is MailState.WAITING else state


def _longest() -> timedelta:
    """How long a lease may be: the mail server may take its time to answer a whole mail."""
    return timedelta(seconds=smtp.PATIENCE.final_dot) + LEASE


def _due(now: datetime, openings: Openings) -> SelectOfScalar[OutgoingMail]:
    next_at, leased = col(OutgoingMail.next_attempt_at), col(OutgoingMail.leased_until)
    return (
        select(OutgoingMail)
        .where(
            OutgoingMail.state == MailState.WAITING,
            # If more time is left than the pause or the lease ever had, the clock was set back (or
            # another replica's clock is ahead, by less than `APART`). A mail that wasn't tried yet
            # may wait from the start; it was made later than now then. One that needn't wait is due
            # in any case.
            or_(
                next_at <= now,
                _is_waiting_for() > _latest_next_attempt(now),
                and_(OutgoingMail.attempts == 0, next_at == OutgoingMail.created_at),
            ),
            or_(leased.is_(None), leased <= now, leased > now + _longest() + clock.APART),
            _may_go(openings),
        )
        .order_by(col(OutgoingMail.lane), next_at)
    )


def _may_go(openings: Openings) -> ColumnElement[bool]:
    lane = col(OutgoingMail.lane)
    allowed = and_(lane <= openings.lane, *_not_to(openings.full))
    if not openings.full_for_bulk:
        return allowed
    return and_(allowed, or_(lane == 0, and_(true(), *_not_to(openings.full_for_bulk))))


def _not_to(domains: frozenset[str]) -> list[ColumnElement[bool]]:
    recipient = col(OutgoingMail.recipient)
    return [~recipient.endswith(f"@{domain}", autoescape=True) for domain in sorted(domains)]


def _is_waiting_for() -> ColumnElement[datetime]:
    untried = col(OutgoingMail.attempts) == 0
    return case((untried, col(OutgoingMail.created_at)), else_=col(OutgoingMail.next_attempt_at))


def _latest_next_attempt(now: datetime) -> ColumnElement[datetime]:
    longest = now + clock.APART
    pauses = {attempts: longest + pause for attempts, pause in enumerate(PAUSES, start=1)}
    return case(pauses, value=col(OutgoingMail.attempts), else_=longest)
