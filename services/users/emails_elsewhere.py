"""Whether another organisation has an email: told only if it can't be avoided, and not often.

An active account's email is in use in all of Rollcall, so somebody who invites (or activates, or
tests single sign-on) with it has to be told. Nobody may try out a list of emails that way: each
such answer is counted per user, leads to pauses as failed sign-ins do, and is logged.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import User
from services.access.actor import Principal
from services.core.emails import email_key
from services.core.errors import ConflictError, InvalidInputError
from services.database.prepared import Prepared
from services.database.transaction import Transaction, transaction
from services.sign_in import throttle

log = logging.getLogger(__name__)

IN_USE = "This email is already in use."


class InUseElsewhereError(InvalidInputError):
    """Another organisation's account has this email; it is told in the same words as an account of
    one's own."""

    def __init__(self) -> None:
        super().__init__({"email": IN_USE})


class ActiveElsewhereError(ConflictError):
    """The same for an account that can't be activated."""

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is in use by another active account.")


def is_taken(error: IntegrityError) -> bool:
    """Whether another transaction gave an active account this email at the same moment."""
    return "email" in str(error.orig)


# Every invitation and activation asks these, and nearly always nobody has the email.
_ACTIVE = Prepared(
    select(User.id).where(
        col(User.email_key).in_(bindparam("keys", expanding=True)), col(User.active)
    ),
    sees_changes=True,
)
_ACTIVE_HERE = Prepared(
    select(User.id).where(
        col(User.email_key) == bindparam("key"),
        col(User.active),
        col(User.tenant_id).is_not_distinct_from(bindparam("tenant_id")),
    ),
    sees_changes=True,
)
_INACTIVE = Prepared(
    select(User.id).where(
        col(User.email_key).in_(bindparam("keys", expanding=True)),
        col(User.active).is_(False),
        col(User.tenant_id).is_not_distinct_from(bindparam("tenant_id")),
    ),
    sees_changes=True,
)


async def is_used_here(tx: Transaction, tenant_id: UUID | None, email: str) -> bool:
    """Whether an active account of this tenant has this email. What it asks is the same whoever
    else has the email, and so is the time that it takes."""
    return bool(await _ACTIVE_HERE.rows(tx, key=email_key(email), tenant_id=tenant_id))


async def active_with(tx: Transaction, email: str) -> User | None:
    """The active account with this email, in any organisation."""
    return next(iter(await all_active_with(tx, [email_key(email)])), None)


async def all_active_with(tx: Transaction, keys: Sequence[str]) -> Sequence[User]:
    """The active accounts with these emails' keys, in any organisation."""
    return await _with_ids(tx, await _ACTIVE.rows(tx, keys=list(keys)) if keys else ())


async def inactive_ids(
    tx: Transaction, tenant_id: UUID | None, keys: Sequence[str]
) -> Sequence[UUID]:
    """The inactive accounts of a tenant with these emails."""
    return await _INACTIVE.rows(tx, keys=list(keys), tenant_id=tenant_id) if keys else ()


async def inactive_here(
    tx: Transaction, tenant_id: UUID | None, keys: Sequence[str]
) -> Sequence[User]:
    """The same, the latest first."""
    return await _with_ids(tx, await inactive_ids(tx, tenant_id, keys))


async def _with_ids(tx: Transaction, ids: Sequence[UUID]) -> Sequence[User]:
    if not ids:
        return ()
    users = select(User).where(col(User.id).in_(ids))
    return (await tx.exec(users.order_by(col(User.deactivated_at).desc()))).all()


async def check_pause(tx: Transaction, actor: Principal) -> None:
    """Raise `TooManyAttemptsError` while the actor has to pause; the command line never has to."""
    if actor.user_id is not None:
        await throttle.check(tx, _counters(actor.user_id))


@asynccontextmanager
async def counting_answers(actor: Principal) -> AsyncIterator[None]:
    """If the block is refused because another organisation has an email, count and log that answer
    before it is given: the transaction that found it was rolled back. Raises `TooManyAttemptsError`
    if there were too many."""
    try:
        yield
    except (InUseElsewhereError, ActiveElsewhereError):
        if actor.user_id is not None:
            async with transaction(actor=actor) as tx:
                await throttle.claim_in(tx, _counters(actor.user_id))
            _log(actor.user_id)  # not before this: a look goes no further than here
        raise


async def count_answer(tx: Transaction, actor: Principal) -> None:
    """Count and log an answer in the transaction that goes on after it."""
    if actor.user_id is not None:
        await throttle.count_failure(tx, _counters(actor.user_id))
        await tx.flush()  # a look goes no further than here
        _log(actor.user_id)


def _log(user_id: UUID) -> None:
    log.warning("User %s asked after an email that is in use elsewhere", user_id)


def _counters(user_id: UUID) -> dict[str, str]:
    return throttle.person_key(throttle.Purpose.EMAIL_ELSEWHERE, user_id)
