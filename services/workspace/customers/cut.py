"""Shutting a customer's people out: all at once, like users.

An act that decides about them locks them before the POC, and after users; their own acts lock
themselves, then the POC.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, func, select
from sqlmodel.sql.expression import SelectOfScalar

from models import (
    CLOSED_STATUSES,
    CustomerPasskey,
    CustomerPerson,
    EndReason,
    LinkPurpose,
    Poc,
    PocCustomer,
)
from services.access import one_time_links
from services.audit.acting import Act
from services.database import runtime
from services.database.transaction import Transaction, reading
from services.mail import outbox
from services.sessions.actions import SessionAction
from services.sessions.sessions import end, find_living
from services.workspace.events import PocShownNoMore
from services.workspace.rights import get_poc_to_change

LockedT = TypeVar("LockedT")
LINKS = (LinkPurpose.CUSTOMER_INVITATION, LinkPurpose.CUSTOMER_VISIT)


def is_shown(customer_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Of POCs joined with their customers' people: those that are shown to somebody right now."""
    return (
        col(PocCustomer.customer_id) == customer_id,
        col(PocCustomer.removed_at).is_(None),
        col(Poc.archived_at).is_(None),
        col(Poc.status).not_in(CLOSED_STATUSES),
    )


async def shown_pocs(tx: Transaction, customer_id: UUID) -> Sequence[Poc]:
    """The POCs that are shown to a customer's person right now, by their titles."""
    found = await tx.exec(
        select(Poc)
        .join(PocCustomer, col(PocCustomer.poc_id) == Poc.id)
        .where(*is_shown(customer_id))
        .order_by(col(Poc.title_key), col(Poc.id))
    )
    return found.all()


async def count_with_access(tx: Transaction, poc: Poc) -> int:
    """How many of the customer's people are shown a POC right now: its end shuts them out."""
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


async def lock_people(tx: Transaction, *poc_ids: UUID) -> Sequence[CustomerPerson]:
    """Lock the customers' people of these POCs, in the order of their ids."""
    found = await tx.exec(
        select(CustomerPerson)
        .where(col(CustomerPerson.id).in_(_on(*poc_ids)))
        .order_by(col(CustomerPerson.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def lock_with_people(
    act: Act, poc_id: UUID, *, archived: bool = False
) -> tuple[Poc, Sequence[CustomerPerson]]:
    """Lock a POC that the actor may change, after the customers' people on it. Raises what
    `get_poc_to_change` raises."""
    lock = partial(get_poc_to_change, act, poc_id, archived=archived)
    return await _lock_after_people(act, (poc_id,), lock)


async def lock_all_with_people(act: Act, poc_ids: Collection[UUID]) -> None:
    """Lock POCs in the order of their ids, after the customers' people on them."""

    async def lock() -> None:
        for poc_id in sorted(poc_ids):
            await act.get(Poc, poc_id, lock=True)

    await _lock_after_people(act, poc_ids, lock)


async def _lock_after_people(
    act: Act, poc_ids: Collection[UUID], lock: Callable[[], Awaitable[LockedT]]
) -> tuple[LockedT, Sequence[CustomerPerson]]:
    """Lock the customers' people on POCs, then these POCs by `lock`.

    Whoever is invited while this waits for a POC is on it by then, and isn't locked. Then all
    locks are given back, to be taken again in their order. On SQLite nobody writes meanwhile.
    """
    if runtime.current().database.is_sqlite:
        people = await lock_people(act.tx, *poc_ids)
        return await lock(), people
    while True:
        async with act.tx.begin_nested() as locks:
            people = await lock_people(act.tx, *poc_ids)
            locked = await lock()
            found = await act.tx.exec(_on(*poc_ids))
            if set(found) <= {person.id for person in people}:
                return locked, people
            await locks.rollback()


def _on(*poc_ids: UUID) -> SelectOfScalar[UUID]:
    return select(PocCustomer.customer_id).where(
        col(PocCustomer.poc_id).in_(poc_ids), col(PocCustomer.removed_at).is_(None)
    )


async def shut_all_out(act: Act, poc: Poc, people: Sequence[CustomerPerson]) -> None:
    """Shut these people out of their POC, which was closed."""
    for person in people:
        if await stays(act, poc, person, EndReason.POC_CLOSED):
            continue
        await void_links(act.tx, person)
        if await find_living(act.tx, person):
            cause = await act.record(SessionAction.REVOKED, person)
            await end(act.tx, person, EndReason.POC_CLOSED, cause=cause)


async def stays(act: Act, poc: Poc, person: CustomerPerson, reason: EndReason) -> bool:
    """Whether a person who isn't shown this POC any more is shown another one. Then their session
    and their links stay good, and only their open pages of this POC close."""
    if not await shown_pocs(act.tx, person.id):
        return False
    act.publish(
        PocShownNoMore(tenant_id=poc.tenant_id, poc_id=poc.id, customer_id=person.id, reason=reason)
    )
    return True


async def find_unshown(pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], EndReason]:
    """Which of these people aren't shown these POCs (pairs of a person's id and a POC's) any more,
    and why. This finds what push may have missed."""
    async with reading() as tx:
        found = await tx.exec(
            select(PocCustomer, Poc)
            .join(Poc, col(Poc.id) == PocCustomer.poc_id)
            .where(
                col(PocCustomer.customer_id).in_({person for person, _ in pairs}),
                col(PocCustomer.poc_id).in_({poc for _, poc in pairs}),
                col(PocCustomer.removed_at).is_(None),
            )
        )
        closed = {
            (row.customer_id, row.poc_id): poc.status.is_closed or poc.archived_at is not None
            for row, poc in found
        }
    return {
        pair: EndReason.POC_CLOSED if pair in closed else EndReason.REVOKED
        for pair in pairs
        if closed.get(pair, True)
    }


async def forget_passkeys(tx: Transaction, person: CustomerPerson) -> None:
    """Have none of a person's passkeys let them in any more."""
    await tx.exec(delete(CustomerPasskey).where(col(CustomerPasskey.customer_id) == person.id))


async def void_links(tx: Transaction, person: CustomerPerson) -> None:
    """Void the links that a person has, and the mails that are still to bring them one."""
    await one_time_links.void(tx, person.id, *LINKS)
    await outbox.cancel(tx, person.id)
