"""Passkeys (WebAuthn): a second factor, or a sign-in alone where the device asks its owner."""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

import webauthn
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from models import LoginSession, MailTemplate, Passkey, User
from services.access.actor import Actor
from services.access.permissions import Permission, Secret
from services.access.second_factor_policy import has_one
from services.audit.acting import acting
from services.audit.writing import Action, record
from services.core import clock, runtime
from services.core.db import Transaction
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PasskeyCopiedError,
    PasskeyRefusedError,
)
from services.core.looking import looks_first
from services.core.names import clean_name
from services.sign_in.second_factors import challenges, totp
from services.sign_in.second_factors.challenges import Purpose
from services.sign_in.second_factors.events import SecondFactorsChanged
from services.sign_in.second_factors.passkey_host import are_offered, host, works_here

# More than anybody has devices; each is a row that a sign-in may ask for.
MOST = 20
# Milliseconds that the browser lets its user look for the device.
TIMEOUT = int(challenges.LIFETIME.total_seconds() * 1000)


@looks_first
async def begin(actor: Actor) -> str:
    """What the browser needs to make a passkey, as JSON. Needs a fresh sign-in.

    Raises `ConflictError` where there are too many, or none is possible.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        if not are_offered():
            raise ConflictError("Passkeys need a host name and https in ROLLCALL_PUBLIC_URL.")
        own = await _of(tx, user.id)
        if len(own) >= MOST:
            raise ConflictError(f"{MOST} passkeys are enough. Remove one first.")
        options = webauthn.generate_registration_options(
            rp_id=host(),
            rp_name=totp.ISSUER,
            user_id=user.id.bytes,
            user_name=user.email,
            user_display_name=user.full_name,
            challenge=challenges.issue(Purpose.REGISTER, str(actor.session_id)),
            timeout=TIMEOUT,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_descriptors(own),
        )
        return webauthn.options_to_json(options)


@looks_first
async def finish(actor: Actor, answer: str) -> tuple[str, ...]:
    """Keep the passkey that the browser made; returns the recovery codes, shown this once, where
    it is the first second factor.

    Needs a fresh sign-in. Raises `PasskeyRefusedError`, and `ConflictError` where the passkey is
    known already.
    """
    try:
        async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
            tx, user = act.tx, act.own
            passkey = _registered(answer, actor, user)
            session = await tx.get_one(LoginSession, actor.session_id)
            names = {other.name for other in await _of(tx, user.id)}
            passkey.name = _free_name(session.device or "Passkey", names)
            is_first = not await has_one(tx, user.id)
            tx.add(passkey)
            await tx.flush()
            await act.record(Action.PASSKEY_ADDED, user, name=passkey.name)
            return await totp.added(tx, MailTemplate.PASSKEY_ADDED, user, is_first=is_first)
    except IntegrityError as error:
        raise ConflictError("This passkey is in use already.") from error


@looks_first
async def remove(actor: Actor, passkey_id: UUID) -> None:
    """Do without one of one's passkeys; needs a fresh sign-in.

    Raises `NotFoundError`, and `ConflictError` for the last factor where one is required.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        passkey = await tx.get(Passkey, passkey_id)
        if passkey is None or passkey.user_id != user.id:
            raise NotFoundError("This passkey is removed already.")
        name = passkey.name
        await tx.exec(delete(Passkey).where(col(Passkey.id) == passkey_id))
        await act.record(Action.PASSKEY_REMOVED, user, name=name)
        await totp.removed(tx, MailTemplate.PASSKEY_REMOVED, user)


@looks_first
async def rename(actor: Actor, passkey_id: UUID, name: str) -> None:
    """Call one of one's passkeys otherwise, so that its owner can tell it from the others.

    Raises `NotFoundError`, and `InvalidInputError` for a name that another one has.
    """
    try:
        clean = clean_name(name, "Name")
    except ValueError as error:
        raise InvalidInputError({"name": str(error)}) from error
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
        await act.record(Action.PASSKEY_RENAMED, act.own, before=before, after=clean)
        act.publish(SecondFactorsChanged(tenant_id=act.own.tenant_id, user_id=act.own.id))


def sign_in_options(slug: str | None) -> str:
    """What the browser needs to sign in with a passkey alone, as JSON: it asks its user whose.

    The device must ask for a finger, a face or a PIN: nothing else is asked for.
    """
    return _options(
        challenges.issue(Purpose.SIGN_IN, _slug_or_platform(slug)),
        [],
        UserVerificationRequirement.REQUIRED,
    )


async def second_step_options(tx: Transaction, user_id: UUID) -> str | None:
    """What the browser needs to answer for one of this user's passkeys; none where they have
    none. The password was the first factor, so that the device may ask for nothing more."""
    own = [passkey for passkey in await _of(tx, user_id) if works_here(passkey)]
    if not own or not are_offered():
        return None
    return _options(
        challenges.issue(Purpose.SECOND_STEP, str(user_id)),
        own,
        UserVerificationRequirement.DISCOURAGED,
    )


async def find_owner(tx: Transaction, answer: str) -> UUID | None:
    """Whose passkey an answer says that it is from; nothing is proved by it."""
    passkey = await _find(tx, _credential_id(_parsed(answer)))
    return passkey.user_id if passkey else None


async def refusal_of_sign_in(
    tx: Transaction, user: User, slug: str | None, answer: str
) -> PasskeyRefusedError | None:
    """Use up an answer to `sign_in_options` of a user who is locked; none where it is good."""
    return await _refusal(tx, user, answer, Purpose.SIGN_IN, _slug_or_platform(slug), verified=True)


async def refusal_of_second_step(
    tx: Transaction, user: User, answer: str
) -> PasskeyRefusedError | None:
    """Use up an answer to `second_step_options` of a user who is locked; none where it is good."""
    return await _refusal(tx, user, answer, Purpose.SECOND_STEP, str(user.id), verified=False)


async def _refusal(
    tx: Transaction, user: User, answer: str, purpose: Purpose, about: str, *, verified: bool
) -> PasskeyRefusedError | None:
    try:
        await _use(tx, user, _parsed(answer), purpose, about, verified=verified)
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
    passkey = await _find(tx, _credential_id(said))
    if passkey is None or passkey.user_id != user.id:
        raise PasskeyRefusedError
    challenge = _challenge(said)
    made_at = challenges.read(challenge, purpose, about)
    # Each challenge counts once, and none that is older than one that counted. (One from the
    # future is from before the clock stepped back.)
    last = passkey.last_challenge_at
    if last is not None and made_at <= last <= clock.now() + clock.APART:
        raise PasskeyRefusedError
    try:
        proved = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=runtime.current().settings.public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared below
            require_user_verification=verified,
        )
    except WebAuthnException as error:
        raise PasskeyRefusedError from error
    passkey.last_challenge_at, passkey.host = made_at, host()
    # Many never count; one that does counts up (Web Authentication, Level 2, section 6.1.1).
    counts = proved.new_sign_count or passkey.sign_count
    if counts and proved.new_sign_count <= passkey.sign_count:
        passkey.counter_went_back_at = clock.now()
        await record(
            tx, Action.PASSKEY_COUNTER_WENT_BACK, actor=None, subject=user, name=passkey.name
        )
        tx.publish(SecondFactorsChanged(tenant_id=user.tenant_id, user_id=user.id))
        raise PasskeyCopiedError
    passkey.sign_count, passkey.last_used_at = proved.new_sign_count, clock.now()


def _registered(answer: str, actor: Actor, user: User) -> Passkey:
    said = _parsed(answer)
    challenge = _challenge(said)
    challenges.read(challenge, Purpose.REGISTER, str(actor.session_id))
    try:
        made = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=runtime.current().settings.public_url,
        )
    except WebAuthnException as error:
        raise PasskeyRefusedError from error
    return Passkey(
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name="",
        host=host(),
        created_at=clock.now(),
    )


def _options(
    challenge: bytes, passkeys: list[Passkey], verification: UserVerificationRequirement
) -> str:
    options = webauthn.generate_authentication_options(
        rp_id=host(),
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=_descriptors(passkeys),
        user_verification=verification,
    )
    return webauthn.options_to_json(options)


def _descriptors(passkeys: Collection[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]


def _free_name(wanted: str, names: Collection[str]) -> str:
    """A name that no other passkey of the owner's has: the second one is "Chrome on Linux 2"."""
    name, number = wanted, 1
    while name in names:
        number += 1
        name = f"{wanted} {number}"
    return name


def _parsed(answer: str) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefusedError from error
    if not isinstance(said, dict):
        raise PasskeyRefusedError
    return said


def _credential_id(said: dict[str, Any]) -> bytes:
    return _bytes(said.get("rawId"))


def _challenge(said: dict[str, Any]) -> bytes:
    """The challenge that an answer says it answers: sealed by us, or it is refused."""
    response = said.get("response")
    client_data = _bytes(response.get("clientDataJSON") if isinstance(response, dict) else None)
    try:
        return _bytes(json.loads(client_data)["challenge"])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise PasskeyRefusedError from error


def _bytes(text: object) -> bytes:
    try:
        return base64url_to_bytes(str(text))
    except ValueError as error:
        raise PasskeyRefusedError from error


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
