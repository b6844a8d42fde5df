"""Passkeys (WebAuthn): a second factor, or a sign-in of their own where the device asks its owner.

A passkey belongs to one host name, that of `ROLLCALL_PUBLIC_URL`, so that no other site can ask
for it (Web Authentication, Level 2, section 13.4.9). Browsers take none at an IP address.
"""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit
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
from services.access.permissions import Secret
from services.access.second_factor_policy import has_one
from services.audit.acting import acting
from services.audit.writing import Action
from services.core import clock, runtime
from services.core.db import Transaction
from services.core.errors import ConflictError, NotFoundError, PasskeyRefusedError
from services.core.looking import looks_first
from services.sign_in.second_factors import challenges, totp
from services.sign_in.second_factors.challenges import Purpose

# More than anybody has devices; each is a row that a sign-in may ask for.
MOST = 20
# Milliseconds that the browser lets its user look for the device.
TIMEOUT = int(challenges.LIFETIME.total_seconds() * 1000)


def are_offered() -> bool:
    """Whether browsers take passkeys at the address that people use."""
    parts = urlsplit(runtime.current().settings.public_url)
    try:
        ipaddress.ip_address(_host())
    except ValueError:
        return parts.scheme == "https" or _host() == "localhost"
    return False


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
            rp_id=_host(),
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
            exclude_credentials=[PublicKeyCredentialDescriptor(id=p.credential_id) for p in own],
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
            passkey.name = session.device or "Passkey"
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


def sign_in_options(slug: str | None) -> str:
    """What the browser needs to sign in with a passkey alone, as JSON: it asks its user whose.

    The device must ask for a finger, a face or a PIN: nothing else is asked for.
    """
    return _options(
        challenges.issue(Purpose.SIGN_IN, _place(slug)),
        [],
        UserVerificationRequirement.REQUIRED,
    )


async def second_step_options(tx: Transaction, user_id: UUID) -> str | None:
    """What the browser needs to answer for one of this user's passkeys; none where they have
    none. The password was the first factor, so that the device may ask for nothing more."""
    own = await _of(tx, user_id)
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


async def proves_sign_in(tx: Transaction, user: User, slug: str | None, answer: str) -> bool:
    """Use up an answer to `sign_in_options` of a user who is locked; whether it is good."""
    return await _proves(tx, user, answer, Purpose.SIGN_IN, _place(slug), verified=True)


async def proves_second_step(tx: Transaction, user: User, answer: str) -> bool:
    """Use up an answer to `second_step_options` of a user who is locked; whether it is good."""
    return await _proves(tx, user, answer, Purpose.SECOND_STEP, str(user.id), verified=False)


async def _proves(
    tx: Transaction, user: User, answer: str, purpose: Purpose, about: str, *, verified: bool
) -> bool:
    try:
        await _use(tx, user, _parsed(answer), purpose, about, verified=verified)
    except PasskeyRefusedError:
        return False
    return True


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
            expected_rp_id=_host(),
            expected_origin=runtime.current().settings.public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=verified,
        )
    except WebAuthnException as error:
        raise PasskeyRefusedError from error
    passkey.sign_count, passkey.last_challenge_at = proved.new_sign_count, made_at
    passkey.last_used_at = clock.now()


def _registered(answer: str, actor: Actor, user: User) -> Passkey:
    said = _parsed(answer)
    challenge = _challenge(said)
    challenges.read(challenge, Purpose.REGISTER, str(actor.session_id))
    try:
        made = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=_host(),
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
        created_at=clock.now(),
    )


def _options(
    challenge: bytes, passkeys: list[Passkey], verification: UserVerificationRequirement
) -> str:
    options = webauthn.generate_authentication_options(
        rp_id=_host(),
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=[PublicKeyCredentialDescriptor(id=p.credential_id) for p in passkeys],
        user_verification=verification,
    )
    return webauthn.options_to_json(options)


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


def _host() -> str:
    return urlsplit(runtime.current().settings.public_url).hostname or ""


def _place(slug: str | None) -> str:
    return slug or ""
