"""Shutting a customer's people out: all at once, as users are.

Whoever decides about them locks them before the POC, and after users; their own acts lock
themselves, then the POC.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from models import (
    CLOSED_STATUSES,
    CustomerPerson,
    EndReason,
    LinkPurpose,
    LoginSession,
    Poc,
    PocCustomer,
)
from services.access import one_time_links
from services.audit.acting import Act
from services.audit.writing import Action
from services.core import clock
from services.core.db import Transaction
from services.mail import outbox
from services.sessions.sessions import end

LINKS = (LinkPurpose.CUSTOMER_INVITATION, LinkPurpose.CUSTOMER_VISIT)


def is_shown(customer_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Of POCs joined with their customers' people: those that somebody is shown right now."""
    return (
        col(PocCustomer.customer_id) == customer_id,
        col(PocCustomer.removed_at).is_(None),
        col(Poc.archived_at).is_(None),
        col(Poc.status).not_in(CLOSED_STATUSES),
    )


async def shown_pocs(tx: Transaction, customer_id: UUID) -> Sequence[Poc]:
    """The POCs that somebody at a customer's is shown right now, by their titles."""
    found = await tx.exec(
        select(Poc)
        .join(PocCustomer, col(PocCustomer.poc_id) == Poc.id)
        .where(*is_shown(customer_id))
        .order_by(col(Poc.title_key), col(Poc.id))
    )
    return found.all()


async def count_let_in(tx: Transaction, poc: Poc) -> int:
    """How many of the customer's people a POC lets in right now: whom its end shuts out."""
    if poc.archived_at is not None or poc.status in CLOSED_STATUSES:
        return 0
    found = await tx.exec(
        select(func.count())
        .select_from(PocCustomer)
        .join(CustomerPerson, col(CustomerPerson.id) == PocCustomer.customer_id)
        .where(
            PocCustomer.poc_id == poc.id,
            col(PocCustomer.removed_at).is_(None),
            col(CustomerPerson.active).is_(True),
        )
    )
    return found.one()


async def lock_people(tx: Transaction, poc_id: UUID) -> Sequence[CustomerPerson]:
    """Lock the customer's people of a POC, in the order of their ids."""
    found = await tx.exec(
        select(CustomerPerson)
        .where(
            col(CustomerPerson.id).in_(
                select(PocCustomer.customer_id).where(
                    PocCustomer.poc_id == poc_id, col(PocCustomer.removed_at).is_(None)
                )
            )
        )
        .order_by(col(CustomerPerson.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def shut_all_out(act: Act, people: Sequence[CustomerPerson]) -> None:
    """End the sessions of these people, whose POC was closed. Of who is shown another POC links
    stay good, and let them in there again."""
    for person in people:
        if not await shown_pocs(act.tx, person.id):
            await void_links(act.tx, person)
        living = await act.tx.exec(
            select(LoginSession.id).where(
                LoginSession.customer_id == person.id,
                col(LoginSession.ended_at).is_(None),
                col(LoginSession.expires_at) > clock.now(),
            )
        )
        if living.first() is not None:
            cause = await act.record(Action.SESSIONS_REVOKED, person)
            await end(act.tx, person, EndReason.POC_CLOSED, cause=cause)


async def void_links(tx: Transaction, person: CustomerPerson) -> None:
    """Kill the links that somebody has, and the mails that are still to bring them one."""
    await one_time_links.void(tx, person.id, *LINKS)
    await outbox.cancel(tx, person.id)
