"""How a customer's people come in: by a link that works once; and how they go."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select

from models import (
    CustomerPerson,
    EndReason,
    LinkPurpose,
    MailTemplate,
    OneTimeLink,
    Poc,
    SignInMethod,
    Tenant,
)
from services.access import one_time_links
from services.access.actor import find_open_tenant, is_open
from services.access.outsiders import CustomerActor
from services.access.permissions import Permission
from services.audit.acting import acting
from services.audit.writing import record
from services.core import clock
from services.core.emails import email_key, tried
from services.core.errors import DeadLinkError
from services.core.operator_log import noting_pauses
from services.core.secrets import token_hash
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading, transaction
from services.mail import outbox
from services.sessions.actions import SessionAction
from services.sessions.sessions import Caller, begin, end
from services.sign_in import throttle
from services.workspace.customers.actions import CustomerAction
from services.workspace.customers.cut import LINKS, shown_pocs, void_links
from services.workspace.customers.people import tell

# A request for a link takes at least this many seconds, whether the email is known or not.
REQUEST_SECONDS = 0.3


@dataclass(frozen=True)
class CustomerLinkView:
    """What the page of a link shows before anything is decided."""

    name: str
    email: str
    tenant_name: str
    poc_titles: Sequence[str]


@dataclass(frozen=True)
class StartedSession:
    """A session that began; `token` is for the cookie."""

    token: str = field(repr=False)
    poc_ids: Sequence[UUID]


async def open_link(slug: str, token: str) -> CustomerLinkView:
    """What the page of a link shows; it doesn't use the link up. Raises `DeadLinkError`."""
    async with reading() as tx:
        link = await _live(tx, token)
        person, tenant, pocs = await _whose(tx, link, slug)
        return CustomerLinkView(
            person.full_name, person.email, tenant.name, [poc.title for poc in pocs]
        )


async def start_session_by_link(slug: str, token: str, caller: Caller) -> StartedSession:
    """Use a link: begins a session, and voids their other links. Raises `DeadLinkError`."""
    async with reading() as tx:
        before = await _live(tx, token)
    async with transaction(patient=True) as tx:
        await tx.exec(
            select(CustomerPerson.id)
            .where(CustomerPerson.id == before.customer_id)
            .with_for_update(key_share=True)
        )
        link = await _live(tx, token)
        person, tenant, _ = await _whose(tx, link, slug)
        if not await is_open(tx, tenant.id):
            raise _dead(link)
        link.used_at = clock.now()
        await void_links(tx, person)
        return await start_session(tx, person, caller, SignInMethod.LINK)


async def start_session(
    tx: Transaction, person: CustomerPerson, caller: Caller, method: SignInMethod
) -> StartedSession:
    """Begin a session of a person who is locked, and has proved who they are."""
    now = clock.now()
    first = person.first_here_at is None
    person.first_here_at = person.first_here_at or now
    person.last_active_at = now
    person.changed()
    _, token = begin(tx, person, caller, method)
    await record(
        tx,
        CustomerAction.LET_IN,
        actor=None,
        by=person,
        subject=person,
        ip=caller.ip,
        first=True if first else None,
    )
    await tell(tx, person, {"invited": first})
    return StartedSession(token, [poc.id for poc in await shown_pocs(tx, person.id)])


@noting_pauses
async def ask(slug: str, email: str, caller: Caller) -> None:
    """Mail a new link, if a person with this email is shown a POC here.

    Says and does the same for any email. Raises `TooManyAttemptsError`.
    """
    started = time.monotonic()
    try:
        key = email_key(email)
        account = f"customer:{slug}:{key}"
        counters = throttle.keys(account, caller.ip, throttle.FromIp.CUSTOMER_LINK)
        async with reading() as tx:
            await throttle.check(tx, counters)
        async with transaction(patient=True) as tx:
            await throttle.claim_in(tx, counters)
            tenant = await find_open_tenant(tx, slug)
            person = await _by_email(tx, tenant, key)
            await record(
                tx,
                CustomerAction.LINK_REQUESTED,
                actor=None,
                subject=person,
                tenant_id=tenant.id if tenant else None,
                ip=caller.ip,
                email=tried(email),
            )
            if person is not None and tenant is not None:
                # An invitation stays good: anybody who knows the email may ask here.
                purpose, template = LinkPurpose.CUSTOMER_VISIT, MailTemplate.CUSTOMER_VISIT
                await one_time_links.void(tx, person.id, purpose)
                await outbox.cancel(tx, person.id, template)
                link = one_time_links.issue(tx, purpose, None, customer_id=person.id)
                await tx.flush()
                outbox.enqueue(tx, template, person, link, tenant_name=tenant.name)
    finally:
        await asyncio.sleep(max(0.0, REQUEST_SECONDS - (time.monotonic() - started)))


@looks_first
async def leave(customer: CustomerActor) -> None:
    """End the session that is in use right now."""
    async with acting(customer, Permission.VIEW_SHARED_POC, urgent=True) as act:
        person = await act.get(CustomerPerson, customer.customer_id)
        cause = await act.record(SessionAction.SIGNED_OUT, person)
        await end(act.tx, person, EndReason.SIGNED_OUT, cause=cause, only=[customer.session_id])


async def _live(tx: Transaction, token: str) -> OneTimeLink:
    found = await tx.exec(
        select(OneTimeLink)
        .where(OneTimeLink.token_hash == token_hash(token), col(OneTimeLink.purpose).in_(LINKS))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    link = found.first()
    if link is None or not link.is_live(clock.now()):
        raise _dead(link)
    return link


def _dead(link: OneTimeLink | None) -> DeadLinkError:
    return one_time_links.dead(link.purpose if link else LinkPurpose.CUSTOMER_VISIT)


async def _whose(
    tx: Transaction, link: OneTimeLink, slug: str
) -> tuple[CustomerPerson, Tenant, Sequence[Poc]]:
    """The person whose link it is, under their own tenant's slug, and what they are shown;
    otherwise the link is dead."""
    person = await tx.get(CustomerPerson, link.customer_id)
    if person is None:
        raise _dead(link)
    await tx.refresh(person)
    tenant = await tx.get_one(Tenant, person.tenant_id)
    pocs = await shown_pocs(tx, person.id)
    here = tenant.slug == slug and tenant.closed_at is None
    if not person.active or not pocs or not here:
        raise _dead(link)
    return person, tenant, pocs


async def _by_email(tx: Transaction, tenant: Tenant | None, key: str) -> CustomerPerson | None:
    if tenant is None:
        return None
    found = await tx.exec(
        select(CustomerPerson)
        .where(
            CustomerPerson.tenant_id == tenant.id,
            CustomerPerson.email_key == key,
            col(CustomerPerson.active),
        )
        .with_for_update(key_share=True)
    )
    person = found.first()
    return person if person is not None and await shown_pocs(tx, person.id) else None
