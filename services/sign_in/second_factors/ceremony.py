"""What browsers and passkeys say to each other (Web Authentication, Level 2), for any owner: what
they are asked, and what their answers prove."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from models import PasskeyRow
from services.core import clock
from services.core.errors import PasskeyCopiedError, PasskeyRefusedError
from services.core.lazily import lazily
from services.database import runtime
from services.sign_in.second_factors import challenges, totp
from services.sign_in.second_factors.challenges import Purpose
from services.sign_in.second_factors.passkey_host import host

if TYPE_CHECKING:
    import webauthn
    from webauthn.helpers import structs
else:
    webauthn = lazily("webauthn")
    structs = lazily("webauthn.helpers.structs")

# For this many milliseconds the browser lets its user look for the device.
TIMEOUT = int(challenges.LIFETIME.total_seconds() * 1000)


def registration_options(
    challenge: bytes, owner: tuple[UUID, str, str], known: Sequence[PasskeyRow], *, alone: bool
) -> str:
    """What the browser needs to make a passkey, as JSON, for its owner: their id, email and name.

    `alone` if the passkey is to let them in by itself: then it is kept on the device, which asks
    for a finger, a face or a PIN.
    """
    owner_id, email, name = owner
    resident, verified = structs.ResidentKeyRequirement, structs.UserVerificationRequirement
    options = webauthn.generate_registration_options(
        rp_id=host(),
        rp_name=totp.ISSUER,
        user_id=owner_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=resident.REQUIRED if alone else resident.PREFERRED,
            user_verification=verified.REQUIRED if alone else verified.PREFERRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return webauthn.options_to_json(options)


def registered(answer: str, purpose: Purpose, about: str, *, alone: bool = False) -> dict[str, Any]:
    """The columns of the passkey that an answer brings; raises `PasskeyRefusedError`."""
    said = parsed(answer)
    challenge = _challenge(said)
    challenges.read(challenge, purpose, about)
    own_host, own_origin = host(), runtime.current().settings.public_url
    with _refusing():
        made = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=own_host,
            expected_origin=own_origin,
            require_user_verification=alone,
        )
    return {
        "credential_id": made.credential_id,
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "host": own_host,
        "created_at": clock.now(),
    }


def answer_options(challenge: bytes, passkeys: Sequence[PasskeyRow], *, alone: bool) -> str:
    """What the browser needs to answer for one of these passkeys, or for any, as JSON.

    `alone` if nothing else was proved: then the device asks for a finger, a face or a PIN.
    """
    verified = structs.UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=host(),
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=_descriptors(passkeys),
        user_verification=verified.REQUIRED if alone else verified.DISCOURAGED,
    )
    return webauthn.options_to_json(options)


def use(
    passkey: PasskeyRow, said: dict[str, Any], purpose: Purpose, about: str, *, verified: bool
) -> None:
    """Use up an answer of this passkey.

    Raises `PasskeyRefusedError`, and `PasskeyCopiedError` if a copy may have answered; the
    passkey's row then says so.
    """
    challenge = _challenge(said)
    made_at = challenges.read(challenge, purpose, about)
    # Each challenge counts once, and none counts that is older than one that counted. (A challenge
    # from the future was made before the clock stepped back.)
    last = passkey.last_challenge_at
    if last is not None and made_at <= last <= clock.now() + clock.APART:
        raise PasskeyRefusedError
    own_host, own_origin = host(), runtime.current().settings.public_url
    with _refusing():
        proved = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=own_host,
            expected_origin=own_origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared below
            require_user_verification=verified,
        )
    passkey.last_challenge_at, passkey.host = made_at, own_host
    # Many passkeys never count; the counter of one that does goes up (Web Authentication, Level 2,
    # section 6.1.1).
    counts = proved.new_sign_count or passkey.sign_count
    if counts and proved.new_sign_count <= passkey.sign_count:
        passkey.counter_went_back_at = clock.now()
        raise PasskeyCopiedError
    passkey.sign_count, passkey.last_used_at = proved.new_sign_count, clock.now()


def parsed(answer: str) -> dict[str, Any]:
    """A browser's answer; raises `PasskeyRefusedError` if it isn't one."""
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefusedError from error
    if not isinstance(said, dict):
        raise PasskeyRefusedError
    return said


def credential_id(said: dict[str, Any]) -> bytes:
    """Whose answer it claims to be; this proves nothing."""
    return _bytes(said.get("rawId"))


def free_name(wanted: str, names: Collection[str]) -> str:
    """A name that no other passkey of the owner's has: the second one is "Chrome on Linux 2"."""
    name, number = wanted, 1
    while name in names:
        number += 1
        name = f"{wanted} {number}"
    return name


@contextmanager
def _refusing() -> Iterator[None]:
    """Refuse an answer that proves nothing; the library's call stands here alone.

    What is made up, the library and those that it reads certificates with take apart before they
    have checked its parts. Their errors have no type in common, so each of them means this.
    """
    try:
        yield
    except Exception as error:
        raise PasskeyRefusedError from error


def _descriptors(passkeys: Sequence[PasskeyRow]) -> list[structs.PublicKeyCredentialDescriptor]:
    return [structs.PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]


def _challenge(said: dict[str, Any]) -> bytes:
    """The challenge that an answer claims to answer; it is refused unless we sealed it."""
    response = said.get("response")
    client_data = _bytes(response.get("clientDataJSON") if isinstance(response, dict) else None)
    try:
        return _bytes(json.loads(client_data)["challenge"])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise PasskeyRefusedError from error


def _bytes(text: object) -> bytes:
    try:
        return webauthn.base64url_to_bytes(str(text))
    except ValueError as error:
        raise PasskeyRefusedError from error
