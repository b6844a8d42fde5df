"""Inviting a customer's people to one POC, and taking them out of it again."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models import (
    CustomerPerson,
    EndReason,
    LinkPurpose,
    MailTemplate,
    OneTimeLink,
    Poc,
    PocCustomer,
    User,
)
from services.access import one_time_links
from services.access.actor import Principal
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, acting
from services.core import clock
from services.core.emails import email_key
from services.core.errors import ConflictError, InvalidInputError
from services.core.forms import Form, email, text
from services.core.names import fold
from services.database import runtime
from services.database.looking import looks_first
from services.mail import outbox
from services.sessions.sessions import end
from services.users.invitation_pace import require_invitation_pace
from services.workspace.customers.actions import CustomerAction
from services.workspace.customers.cut import stays, void_links
from services.workspace.customers.people import lock_on_poc, membership, poc_ids_of, tell
from services.workspace.events import CustomerChanged
from services.workspace.rights import by_id, get_poc_to_change, tenant_of

TO_COME_IN = (MailTemplate.CUSTOMER_INVITATION, MailTemplate.CUSTOMER_VISIT)
"""The mails with a link to come in."""


class CustomerForm(Form):
    """The person at the customer's who is to see a POC."""

    first_name: str = text("First Name")
    last_name: str = text("Last Name")
    email: str = email()
    title: str = text("What they do", optional=True, hint="Their title, such as Head of Logistics.")


@dataclass(frozen=True)
class CustomerInvited:
    """The person who is invited. `by_mail` is false if no mail server is set: then the inviter
    hands the link over."""

    customer_id: UUID
    name: str
    email: str
    by_mail: bool


@looks_first
async def invite(principal: Principal, poc_id: UUID, form: CustomerForm) -> CustomerInvited:
    """Show a POC to a person at the customer's, and promise them the mail with their link.

    A person who is on another POC already keeps the name that they have. Raises
    `InvalidInputError`, `ConflictError` for a POC that is closed, and what
    `require_invitation_pace` raises.
    """
    key = email_key(form.email)
    try:
        async with acting(principal, Secret.CUSTOMER_LINK) as act:
            person = await _lock_by_email(act, key)
            poc = await _open_poc(act, poc_id)
            known = await _checked(act, poc, person, key)
            was = {"listed": bool(await poc_ids_of(act.tx, known.id))} if known else None
            person = known or await _add(act, form, key)
            act.add(
                PocCustomer(
                    tenant_id=poc.tenant_id,
                    poc_id=poc.id,
                    customer_id=person.id,
                    added_at=clock.now(),
                    added_by_id=by_id(act),
                )
            )
            person.changed()
            by_mail = await _send(act, poc, person)
            await act.record(
                CustomerAction.INVITED, poc, customer=person.full_name, email=person.email
            )
            await act.tx.flush()
            await tell(act.tx, person, was)
            return CustomerInvited(person.id, person.full_name, person.email, by_mail)
    except IntegrityError as error:  # two people invited the same person at the same moment
        raise InvalidInputError(
            {"email": "Somebody else has just invited this person. Look again."}
        ) from error


@looks_first
async def resend(principal: Principal, poc_id: UUID, customer_id: UUID) -> CustomerInvited:
    """Mail a person a new link; their earlier links are dead from now on.

    Raises `ConflictError` for a person who is inactive, or if the POC is closed.
    """
    async with acting(principal, Secret.CUSTOMER_LINK) as act:
        person, poc = await _lock_active(act, poc_id, customer_id)
        by_mail = await _send(act, poc, person)
        person.changed()
        await act.record(CustomerAction.LINK_SENT, person)
        await tell(act.tx, person, {})
        return CustomerInvited(person.id, person.full_name, person.email, by_mail)


@looks_first
async def copy_link(principal: Principal, poc_id: UUID, customer_id: UUID) -> str:
    """The url of a new link for a person, to hand over; their earlier links are dead from now on.

    Raises `ConflictError` for a person who is inactive, or if the POC is closed.
    """
    async with acting(principal, Secret.CUSTOMER_LINK) as act:
        person, _ = await _lock_active(act, poc_id, customer_id)
        tenant = await act.get_tenant()
        link = await _new_link(act, person)
        person.changed()
        await act.record(CustomerAction.LINK_COPIED, person)
        await tell(act.tx, person, {})
        base = runtime.current().settings.public_url + one_time_links.path_of(tenant.slug)
        return f"{base}/customer/link/{one_time_links.token_of(link)}"


@looks_first
async def remove(principal: Principal, poc_id: UUID, customer_id: UUID) -> None:
    """Stop showing a POC to a person. What they wrote and did stays."""
    async with acting(principal, Permission.INVITE_CUSTOMERS, urgent=True) as act:
        person = await lock_on_poc(act, poc_id, customer_id)
        poc = await get_poc_to_change(act, poc_id)
        row = await membership(act, poc.id, person.id)
        if row is None:
            return
        row.removed_at, row.removed_by_id = clock.now(), by_id(act)
        person.changed()
        await act.tx.flush()
        cause = await act.record(CustomerAction.REMOVED, poc, customer=person.full_name)
        if not await stays(act, poc, person, EndReason.REVOKED):
            await void_links(act.tx, person)
            await end(act.tx, person, EndReason.REVOKED, cause=cause)
        act.publish(CustomerChanged(tenant_id=poc.tenant_id, poc_id=poc.id, customer_id=person.id))
        await tell(act.tx, person, {"listed": True})


async def _lock_by_email(act: Act, key: str) -> CustomerPerson | None:
    found = await act.tx.exec(
        select(CustomerPerson)
        .where(CustomerPerson.tenant_id == tenant_of(act), CustomerPerson.email_key == key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.first()


async def _open_poc(act: Act, poc_id: UUID) -> Poc:
    poc = await get_poc_to_change(act, poc_id)
    if poc.status.is_closed:
        raise ConflictError(f"This POC is {poc.status.label.lower()}. Reopen it first.")
    return poc


async def _checked(
    act: Act, poc: Poc, person: CustomerPerson | None, key: str
) -> CustomerPerson | None:
    """The person who has this email already, if they can be invited to the POC."""
    users = await act.tx.exec(
        select(User.id).where(User.tenant_id == poc.tenant_id, User.email_key == key, User.active)
    )
    if users.first() is not None:
        raise InvalidInputError(
            {"email": "This is a user of your organisation. Add them as a member instead."}
        )
    if person is None:
        return None
    name = person.full_name
    if await membership(act, poc.id, person.id) is not None:
        raise InvalidInputError({"email": f"{name} is on this POC already."})
    if not person.active:
        raise InvalidInputError(
            {"email": f"{name} is inactive. Ask a Tenant Admin to activate them first."}
        )
    return person


async def _add(act: Act, form: CustomerForm, key: str) -> CustomerPerson:
    await require_invitation_pace(act, Permission.INVITE_CUSTOMERS)
    person = act.add(
        CustomerPerson(
            tenant_id=tenant_of(act),
            first_name=form.first_name,
            last_name=form.last_name,
            name_key=fold(f"{form.first_name} {form.last_name}")[:400],
            email=form.email,
            email_key=key,
            title=form.title,
            created_at=clock.now(),
            created_by_id=by_id(act),
        )
    )
    await act.tx.flush()
    return person


async def _lock_active(act: Act, poc_id: UUID, customer_id: UUID) -> tuple[CustomerPerson, Poc]:
    person = await lock_on_poc(act, poc_id, customer_id)
    poc = await _open_poc(act, poc_id)
    if not person.active:
        raise ConflictError(f"{person.full_name} is inactive. Activate them first.")
    return person, poc


async def _send(act: Act, poc: Poc, person: CustomerPerson) -> bool:
    tenant = await act.get_tenant()
    await outbox.require_room(act.tx, person)
    await outbox.cancel(act.tx, person.id, *TO_COME_IN)  # their links are void
    link = await _new_link(act, person)
    queued = outbox.enqueue(
        act.tx,
        MailTemplate.CUSTOMER_INVITATION,
        person,
        link,
        tenant_name=tenant.name,
        sender_name=act.user.full_name if act.user else "",
        poc_title=poc.title,
    )
    return queued is not None


async def _new_link(act: Act, person: CustomerPerson) -> OneTimeLink:
    await void_links(act.tx, person)
    purpose = LinkPurpose.CUSTOMER_INVITATION
    link = one_time_links.issue(act.tx, purpose, None, customer_id=person.id)
    await act.tx.flush()
    return link
