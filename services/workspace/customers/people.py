"""The customer's people of a POC, and all outsiders of an organisation: listed and switched."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import (
    CustomerPerson,
    EndReason,
    MailProgress,
    MailTemplate,
    OneTimeLink,
    OutgoingMail,
    Poc,
    PocCustomer,
    PocStatus,
    Tenant,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, acting, viewing
from services.core import clock
from services.core.errors import ConflictError, NotFoundError
from services.core.lookalikes import mixed_letters
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.lists.events import RowChanged
from services.mail import outbox
from services.sessions import presence
from services.sessions.sessions import end
from services.workspace.customers.actions import CustomerAction
from services.workspace.customers.cut import LINKS, forget_passkeys, void_links
from services.workspace.events import CustomerChanged
from services.workspace.rights import by_id, get_poc, get_poc_to_change, tenant_of


@dataclass(frozen=True)
class ShownPoc:
    """A POC to which a customer's person was invited; only an open one is shown to them."""

    id: UUID
    title: str
    customer: str
    status: PocStatus
    is_open: bool


@dataclass(frozen=True)
class CustomerRow:
    """A customer's person as pages show them; `shown` says whether the POC is open, `link_dead` of
    somebody who is invited that no link lets them in any more, and `mixed` what
    `lookalikes.mixed_letters` says of them."""

    id: UUID
    name: str
    title: str
    email: str
    active: bool
    invited: bool
    here: bool
    last_active_at: datetime | None
    mail: MailProgress | None
    shown: bool
    link_dead: bool
    mixed: str
    version: int


@dataclass(frozen=True)
class CustomerSwitched:
    """The result of a switch; `cause` is the audit entry by which the receipt is found."""

    customer_id: UUID
    name: str
    active: bool
    changed: bool
    version: int
    cause: UUID | None = None


async def list_of_poc(principal: Principal, poc_id: UUID) -> Sequence[CustomerRow]:
    """The customer's people of a POC, by their names."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        found = await view.tx.exec(
            select(CustomerPerson)
            .join(PocCustomer, col(PocCustomer.customer_id) == CustomerPerson.id)
            .where(PocCustomer.poc_id == poc.id, col(PocCustomer.removed_at).is_(None))
            .order_by(col(CustomerPerson.name_key), col(CustomerPerson.id))
        )
        is_open = poc.archived_at is None and not poc.status.is_closed
        return await _rows(view.tx, found.all(), shown=is_open)


async def find_poc_ids(customer_id: UUID) -> Sequence[UUID]:
    """The POCs that list a person, to tell the open pages."""
    async with reading() as tx:
        return await poc_ids_of(tx, customer_id)


async def poc_ids_of(tx: Transaction, customer_id: UUID) -> Sequence[UUID]:
    """The same, in this transaction."""
    found = await tx.exec(
        select(PocCustomer.poc_id).where(
            PocCustomer.customer_id == customer_id, col(PocCustomer.removed_at).is_(None)
        )
    )
    return found.all()


@looks_first
async def set_active_of_poc(
    principal: Principal,
    poc_id: UUID,
    customer_id: UUID,
    active: bool,
    *,
    seen_version: int | None = None,
) -> CustomerSwitched:
    """Let a person on one's own POC in again, or shut them out of everything.

    Raises `NotAMemberError`, and `ConflictError` if the caller hasn't seen the latest change.
    """
    async with acting(principal, Permission.INVITE_CUSTOMERS, urgent=not active) as act:
        person = await lock_on_poc(act, poc_id, customer_id)
        await get_poc_to_change(act, poc_id)
        return await switch(act, person, active, seen_version)


@looks_first
async def set_active(
    principal: Principal,
    customer_id: UUID,
    active: bool,
    *,
    seen_version: int | None = None,
    by_mail: bool = False,
) -> CustomerSwitched:
    """The same, for people who manage the organisation's users; a person who is shut out is told
    `by_mail`, if that is wanted. Raises `ConflictError`."""
    async with acting(principal, Permission.SWITCH_USERS, urgent=not active) as act:
        tenant = await act.tx.get_one(Tenant, tenant_of(act))
        person = await act.get(CustomerPerson, customer_id, lock=True)
        switched = await switch(act, person, active, seen_version)
        if by_mail and switched.changed and not active:
            outbox.enqueue(
                act.tx, MailTemplate.CUSTOMER_DEACTIVATED, person, tenant_name=tenant.name
            )
        return switched


async def lock_on_poc(act: Act, poc_id: UUID, customer_id: UUID) -> CustomerPerson:
    """A person who is on a POC, locked; raises `NotFoundError`."""
    person = await act.get(CustomerPerson, customer_id, lock=True)
    if await membership(act, poc_id, person.id) is None:
        raise NotFoundError("They aren't on this POC any more. Look again.")
    return person


async def membership(view: View, poc_id: UUID, customer_id: UUID) -> PocCustomer | None:
    """The row that says that a person is on a POC, if they are."""
    found = await view.tx.exec(
        select(PocCustomer).where(
            PocCustomer.poc_id == poc_id,
            PocCustomer.customer_id == customer_id,
            col(PocCustomer.removed_at).is_(None),
        )
    )
    return found.first()


async def find_ids_of_poc(poc_id: UUID) -> Sequence[UUID]:
    """The customer's people of a POC, to tell the open lists when it changes."""
    async with reading() as tx:
        found = await tx.exec(
            select(PocCustomer.customer_id).where(
                PocCustomer.poc_id == poc_id, col(PocCustomer.removed_at).is_(None)
            )
        )
        return found.all()


async def tell(tx: Transaction, person: CustomerPerson, was: dict[str, Any] | None) -> None:
    """Tell the pages of all POCs that list a person, and the organisation's list, that the person
    has changed; `was` is what the list's filters looked at, and none for a new person."""
    tx.publish(RowChanged(noun="customer", tenant_id=person.tenant_id, row_id=person.id, was=was))
    for poc_id in await poc_ids_of(tx, person.id):
        tx.publish(
            CustomerChanged(tenant_id=person.tenant_id, poc_id=poc_id, customer_id=person.id)
        )


async def switch(
    act: Act, person: CustomerPerson, active: bool, seen_version: int | None = None
) -> CustomerSwitched:
    """Let a person in again, or shut them out, for a call that has locked them. Raises
    `ConflictError`, if they were switched after the version that was seen."""
    cause: UUID | None = None
    changed = person.active != active
    if changed:
        if seen_version is not None and seen_version < person.status_version:
            raise ConflictError(
                f"Someone else has just changed {person.full_name}. Look again, then decide."
            )
        person.switch(active, clock.now(), by_id(act))
        action = CustomerAction.ACTIVATED if active else CustomerAction.DEACTIVATED
        if active:
            await outbox.cancel(act.tx, person.id, MailTemplate.CUSTOMER_DEACTIVATED)
        else:
            await void_links(act.tx, person)
            await forget_passkeys(act.tx, person)
        cause = await act.record(action, person)
        if not active:
            await end(act.tx, person, EndReason.DEACTIVATED, cause=cause)
        await tell(act.tx, person, {"active": not active})
    return CustomerSwitched(person.id, person.full_name, active, changed, person.version, cause)


async def _rows(
    tx: Transaction, people: Sequence[CustomerPerson], *, shown: bool
) -> list[CustomerRow]:
    waiting = [person.id for person in people if person.invited]
    mails, ends = await mails_to(tx, waiting), await link_ends_of(tx, waiting)
    now = clock.now()
    return [
        CustomerRow(
            id=person.id,
            name=person.full_name,
            title=person.title,
            email=person.email,
            active=person.active,
            invited=person.invited,
            here=presence.is_online(person.id),
            last_active_at=person.last_active_at,
            mail=mails[person.id].progress(now) if person.id in mails else None,
            shown=shown,
            link_dead=person.invited and ends.get(person.id, now) <= now,
            mixed=mixed_letters(person.full_name, person.email),
            version=person.version,
        )
        for person in people
    ]


async def pocs_of(tx: Transaction, ids: Collection[UUID]) -> Mapping[UUID, list[ShownPoc]]:
    """The POCs to which each of these people was invited, by their titles."""
    found: dict[UUID, list[ShownPoc]] = defaultdict(list)
    if ids:
        rows = await tx.exec(
            select(PocCustomer.customer_id, Poc)
            .join(Poc, col(Poc.id) == PocCustomer.poc_id)
            .where(col(PocCustomer.customer_id).in_(ids), col(PocCustomer.removed_at).is_(None))
            .order_by(col(Poc.title_key), col(Poc.id))
        )
        for customer_id, poc in rows:
            is_open = poc.archived_at is None and not poc.status.is_closed
            found[customer_id].append(
                ShownPoc(poc.id, poc.title, poc.customer, poc.status, is_open)
            )
    return found


async def mails_to(tx: Transaction, ids: Collection[UUID]) -> Mapping[UUID | None, OutgoingMail]:
    """The latest mail to each of these people."""
    if not ids:
        return {}
    rows = await tx.exec(
        select(OutgoingMail)
        .where(col(OutgoingMail.customer_id).in_(ids))
        .order_by(col(OutgoingMail.created_at))
    )
    return {mail.customer_id: mail for mail in rows}


async def link_ends_of(tx: Transaction, ids: Collection[UUID]) -> Mapping[UUID | None, datetime]:
    """When the link of each of these people ends, or has ended; nothing of who has none that is
    neither used nor void."""
    if not ids:
        return {}
    rows = await tx.exec(
        select(OneTimeLink.customer_id, OneTimeLink.expires_at)
        .where(
            col(OneTimeLink.customer_id).in_(ids),
            col(OneTimeLink.purpose).in_(LINKS),
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
        )
        .order_by(col(OneTimeLink.expires_at))
    )
    return dict(rows.all())
