"""Passkeys (WebAuthn): a second factor, or a whole sign-in if the device asks its owner."""

from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from models import LoginSession, MailTemplate, Passkey, User
from services.access.actor import Actor
from services.access.permissions import Permission, Secret
from services.access.second_factor_policy import has_one
from services.audit.acting import acting
from services.audit.writing import record
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PasskeyCopiedError,
    PasskeyRefusedError,
)
from services.database.looking import looks_first
from services.database.transaction import Transaction
from services.sign_in.actions import SecondFactorAction
from services.sign_in.forms import PasskeyName
from services.sign_in.second_factors import ceremony, challenges, totp
from services.sign_in.second_factors.challenges import Purpose
from services.sign_in.second_factors.events import SecondFactorsChanged
from services.sign_in.second_factors.passkey_host import are_offered, works_here

# More than the devices that anybody has; each is a row that a sign-in may ask for.
MOST = 20


@looks_first
async def begin(actor: Actor) -> str:
    """What the browser needs to make a passkey, as JSON. Needs a fresh sign-in.

    Raises `ConflictError` if there are too many, or none is possible.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        if not are_offered():
            raise ConflictError("Passkeys need a host name and https in ROLLCALL_PUBLIC_URL.")
        own = await _of(tx, user.id)
        if len(own) >= MOST:
            raise ConflictError(f"{MOST} passkeys are enough. Remove one first.")
        challenge = challenges.issue(Purpose.REGISTER, str(actor.session_id))
        owner = (user.id, user.email, user.full_name)
        return ceremony.registration_options(challenge, owner, own, alone=False)


@looks_first
async def finish(actor: Actor, answer: str) -> tuple[str, ...]:
    """Keep the passkey that the browser made; if it is the first second factor, returns the
    recovery codes, which are shown this once.

    Needs a fresh sign-in. Raises `PasskeyRefusedError`, and `ConflictError` if the passkey is known
    already.
    """
    try:
        async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
            tx, user = act.tx, act.own
            made = ceremony.registered(answer, Purpose.REGISTER, str(actor.session_id))
            session = await tx.get_one(LoginSession, actor.session_id)
            names = {other.name for other in await _of(tx, user.id)}
            name = ceremony.free_name(session.device or "Passkey", names)
            passkey = Passkey(**made, user_id=user.id, name=name)
            is_first = not await has_one(tx, user.id)
            tx.add(passkey)
            await tx.flush()
            await act.record(SecondFactorAction.PASSKEY_ADDED, user, name=passkey.name)
            return await totp.added(tx, MailTemplate.PASSKEY_ADDED, user, is_first=is_first)
    except IntegrityError as error:
        raise ConflictError("This passkey is in use already.") from error


@looks_first
async def remove(actor: Actor, passkey_id: UUID) -> None:
    """Remove one of one's own passkeys; needs a fresh sign-in.

    Raises `NotFoundError`, and `ConflictError` for the last factor if one is required.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        passkey = await tx.get(Passkey, passkey_id)
        if passkey is None or passkey.user_id != user.id:
            raise NotFoundError("This passkey is removed already.")
        name = passkey.name
        await tx.exec(delete(Passkey).where(col(Passkey.id) == passkey_id))
        await act.record(SecondFactorAction.PASSKEY_REMOVED, user, name=name)
        await totp.removed(tx, MailTemplate.PASSKEY_REMOVED, user)


@looks_first
async def rename(actor: Actor, passkey_id: UUID, name: str) -> None:
    """Rename one of one's own passkeys, to tell it from the others.

    Raises `NotFoundError`, and `InvalidInputError` for a name that another one has.
    """
    clean = PasskeyName(name=name).name
    async with acting(actor, Permission.USE_OWN_ACCOUNT) as act:
        own = await _of(act.tx, actor.user_id)
        passkey = next((one for one in own if one.id == passkey_id), None)
        if passkey is None:
            raise NotFoundError("This passkey is removed already.")
        if passkey.name == clean:
            return
        if any(one.name == clean for one in own):
            raise InvalidInputError({"name": "Another passkey of yours has this name."})
        before, passkey.name = passkey.name, clean
        await act.record(SecondFactorAction.PASSKEY_RENAMED, act.own, before=before, after=clean)
        act.publish(SecondFactorsChanged(tenant_id=act.own.tenant_id, user_id=act.own.id))


def sign_in_options(slug: str | None) -> str:
    """What the browser needs to sign in with a passkey alone, as JSON: the browser asks which
    account.

    The device must ask for a finger, a face or a PIN: nothing else is asked for.
    """
    return ceremony.answer_options(
        challenges.issue(Purpose.SIGN_IN, _slug_or_platform(slug)),
        [],
        alone=True,
    )


async def second_step_options(tx: Transaction, user_id: UUID) -> str | None:
    """What the browser needs to answer for one of this user's passkeys; none if they have none.

    The password was the first factor, so the device may ask for nothing more.
    """
    own = [passkey for passkey in await _of(tx, user_id) if works_here(passkey)]
    if not own or not are_offered():
        return None
    return ceremony.answer_options(
        challenges.issue(Purpose.SECOND_STEP, str(user_id)),
        own,
        alone=False,
    )


async def find_owner(tx: Transaction, answer: str) -> UUID | None:
    """Whose passkey an answer claims to come from, if from anybody's; this proves nothing."""
    try:
        passkey = await _find(tx, ceremony.credential_id(ceremony.parsed(answer)))
    except PasskeyRefusedError:
        return None
    return passkey.user_id if passkey else None


async def refusal_of_sign_in(
    tx: Transaction, user: User, slug: str | None, answer: str
) -> PasskeyRefusedError | None:
    """Use up an answer to `sign_in_options` of a user who is locked; none if it isn't good."""
    return await _refusal(tx, user, answer, Purpose.SIGN_IN, _slug_or_platform(slug), verified=True)


async def refusal_of_second_step(
    tx: Transaction, user: User, answer: str
) -> PasskeyRefusedError | None:
    """Use up an answer to `second_step_options` of a user who is locked; none if it isn't good."""
    return await _refusal(tx, user, answer, Purpose.SECOND_STEP, str(user.id), verified=False)


async def _refusal(
    tx: Transaction, user: User, answer: str, purpose: Purpose, about: str, *, verified: bool
) -> PasskeyRefusedError | None:
    try:
        await _use(tx, user, ceremony.parsed(answer), purpose, about, verified=verified)
    except PasskeyRefusedError as error:
        return error
    return None


async def _use(
    tx: Transaction,
    user: User,
    said: dict[str, Any],
    purpose: Purpose,
    about: str,
    *,
    verified: bool,
) -> None:
    passkey = await _find(tx, ceremony.credential_id(said))
    if passkey is None or passkey.user_id != user.id:
        raise PasskeyRefusedError
    try:
        ceremony.use(passkey, said, purpose, about, verified=verified)
    except PasskeyCopiedError:
        await record(
            tx,
            SecondFactorAction.PASSKEY_COUNTER_WENT_BACK,
            actor=None,
            subject=user,
            name=passkey.name,
        )
        tx.publish(SecondFactorsChanged(tenant_id=user.tenant_id, user_id=user.id))
        raise


async def _of(tx: Transaction, user_id: UUID) -> list[Passkey]:
    return list(await tx.exec(select(Passkey).where(Passkey.user_id == user_id)))


async def _find(tx: Transaction, credential_id: bytes) -> Passkey | None:
    return (
        await tx.exec(
            select(Passkey)
            .where(Passkey.credential_id == credential_id)
            .execution_options(populate_existing=True)
        )
    ).first()


def _slug_or_platform(slug: str | None) -> str:
    return slug or ""
