"""Passkeys of a customer's people: a person who has just come in by a link sets one up, and needs
no link from then on. A person who is shut out loses theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import CustomerPasskey, CustomerPerson, LoginSession, SignInMethod, Tenant
from services.access.actor import FRESH_FOR
from services.access.outsiders import CustomerActor
from services.access.permissions import Permission
from services.audit.acting import View, acting, viewing
from services.audit.writing import record
from services.core import clock, operator_log
from services.core.errors import (
    ConflictError,
    NotFoundError,
    PasskeyCopiedError,
    PasskeyRefusedError,
)
from services.core.operator_log import Refused, noting_pauses
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading, transaction
from services.sessions.sessions import Caller
from services.sign_in import throttle
from services.sign_in.actions import SecondFactorAction, SignInAction
from services.sign_in.second_factors import ceremony, challenges
from services.sign_in.second_factors.challenges import Purpose
from services.sign_in.second_factors.passkey_host import are_offered
from services.workspace.customers.cut import shown_pocs
from services.workspace.customers.visits import StartedSession, start_session

KEEP = Permission.KEEP_OWN_PASSKEYS
MOST = 5


@dataclass(frozen=True)
class OwnPasskey:
    """One of somebody's own passkeys."""

    id: UUID
    name: str
    created_at: datetime


async def list_own(customer: CustomerActor) -> Sequence[OwnPasskey]:
    """The person's passkeys, oldest first."""
    async with viewing(customer, KEEP) as view:
        own = await _of(view.tx, customer.customer_id)
        return [OwnPasskey(one.id, one.name, one.created_at) for one in own]


async def begin(customer: CustomerActor) -> str:
    """What the browser needs to make a passkey, as JSON.

    Raises `ConflictError` for a person who came in long ago, or if there are too many, or none is
    possible.
    """
    async with viewing(customer, KEEP) as view:
        await _require_fresh(view, customer)
        own = await _of(view.tx, customer.customer_id)
        if not are_offered():
            raise ConflictError("Passkeys need a host name and https. Come in with links instead.")
        if len(own) >= MOST:
            raise ConflictError(f"{MOST} passkeys are enough. Remove one first.")
        person = await view.get(CustomerPerson, customer.customer_id)
        challenge = challenges.issue(Purpose.CUSTOMER_REGISTER, str(customer.session_id))
        owner = (person.id, person.email, person.full_name)
        return ceremony.registration_options(challenge, owner, own, alone=True)


@looks_first
async def finish(customer: CustomerActor, answer: str) -> None:
    """Keep the passkey that the browser made.

    Raises `PasskeyRefusedError`, and `ConflictError` for a person who came in long ago, or for a
    passkey that is known already.
    """
    about = str(customer.session_id)
    try:
        async with acting(customer, KEEP) as act:
            session = await _require_fresh(act, customer)
            made = ceremony.registered(answer, Purpose.CUSTOMER_REGISTER, about, alone=True)
            names = {one.name for one in await _of(act.tx, customer.customer_id)}
            if len(names) >= MOST:
                raise ConflictError(f"{MOST} passkeys are enough. Remove one first.")
            name = ceremony.free_name(session.device or "Passkey", names)
            act.add(CustomerPasskey(**made, customer_id=customer.customer_id, name=name))
            await act.tx.flush()
            person = await act.get(CustomerPerson, customer.customer_id)
            await act.record(SecondFactorAction.PASSKEY_ADDED, person, name=name)
    except IntegrityError as error:
        raise ConflictError("This passkey is in use already.") from error


@looks_first
async def remove(customer: CustomerActor, passkey_id: UUID) -> None:
    """Remove one of one's own passkeys; raises `NotFoundError`."""
    async with acting(customer, KEEP) as act:
        passkey = await act.tx.get(CustomerPasskey, passkey_id)
        if passkey is None or passkey.customer_id != customer.customer_id:
            raise NotFoundError("This passkey is removed already.")
        name = passkey.name
        await act.tx.delete(passkey)
        person = await act.get(CustomerPerson, customer.customer_id)
        await act.record(SecondFactorAction.PASSKEY_REMOVED, person, name=name)


def sign_in_options(slug: str) -> str:
    """What the browser needs to come in with a passkey at a tenant's address, as JSON."""
    challenge = challenges.issue(Purpose.CUSTOMER_SIGN_IN, slug)
    return ceremony.answer_options(challenge, [], alone=True)


@noting_pauses
async def sign_in(slug: str, answer: str, caller: Caller) -> StartedSession:
    """Come in by the browser's answer to `sign_in_options`.

    Raises `PasskeyRefusedError` for everything that doesn't let a person in, and
    `TooManyAttemptsError`.
    """
    counters = throttle.ip_key(caller.ip, throttle.FromIp.PASSKEY)
    await throttle.claim(counters)
    async with reading() as tx:
        known = await _claimed(tx, answer)
    if known is None:
        operator_log.sign_in_refused(caller.ip, Refused.WRONG_PASSKEY)
        raise PasskeyRefusedError
    async with transaction() as tx:
        person = await _lock(tx, known.customer_id)
        refusal = await _refusal(tx, person, slug, ceremony.parsed(answer))
        if refusal is None:
            await throttle.forget(tx, counters)
            return await start_session(tx, person, caller, SignInMethod.PASSKEY)
        await record(tx, SignInAction.FAILED, actor=None, subject=person, ip=caller.ip)
        operator_log.sign_in_refused(caller.ip, Refused.WRONG_PASSKEY, person.id)
    raise refusal


async def _refusal(
    tx: Transaction, person: CustomerPerson, slug: str, said: dict[str, object]
) -> PasskeyRefusedError | None:
    tenant = await tx.get_one(Tenant, person.tenant_id)
    here = tenant.slug == slug and tenant.closed_at is None
    passkey = await _find(tx, ceremony.credential_id(said))
    if passkey is None or not (here and person.active and await shown_pocs(tx, person.id)):
        return PasskeyRefusedError()
    try:
        ceremony.use(passkey, said, Purpose.CUSTOMER_SIGN_IN, slug, verified=True)
    except PasskeyCopiedError as error:
        await record(
            tx,
            SecondFactorAction.PASSKEY_COUNTER_WENT_BACK,
            actor=None,
            subject=person,
            name=passkey.name,
        )
        return error
    except PasskeyRefusedError as error:
        return error
    return None


async def _require_fresh(view: View, customer: CustomerActor) -> LoginSession:
    """A session that somebody left open must not become a permanent way in."""
    session = await view.tx.get_one(LoginSession, customer.session_id)
    if clock.now() - session.authenticated_at > FRESH_FOR:
        raise ConflictError(
            "You came in a while ago. Sign out, come in with a new link, then add the passkey."
        )
    return session


async def _of(tx: Transaction, customer_id: UUID) -> Sequence[CustomerPasskey]:
    found = await tx.exec(
        select(CustomerPasskey)
        .where(CustomerPasskey.customer_id == customer_id)
        .order_by(col(CustomerPasskey.id))
    )
    return found.all()


async def _claimed(tx: Transaction, answer: str) -> CustomerPasskey | None:
    """From which passkey an answer claims to come, if from any; this proves nothing."""
    try:
        return await _find(tx, ceremony.credential_id(ceremony.parsed(answer)))
    except PasskeyRefusedError:
        return None


async def _find(tx: Transaction, credential_id: bytes) -> CustomerPasskey | None:
    found = await tx.exec(
        select(CustomerPasskey)
        .where(CustomerPasskey.credential_id == credential_id)
        .execution_options(populate_existing=True)
    )
    return found.first()


async def _lock(tx: Transaction, customer_id: UUID) -> CustomerPerson:
    found = await tx.exec(
        select(CustomerPerson)
        .where(CustomerPerson.id == customer_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.one()
