"""Passkeys and answers that no device makes: each is refused in words, and logged as refused."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from models import Tenant
from services.access.actor import Actor
from services.core.errors import PasskeyRefusedError
from services.sign_in.second_factors import passkey_sign_in, passkeys
from services.workspace.customers import passkeys as of_customers
from tests.authenticator import Device
from tests.conftest import PUBLIC_URL
from tests.factories import CALLER

# Of COSE (RFC 9053): without an algorithm, without a curve, no map at all.
KEYS = [{1: 2}, {1: 2, 3: -7}, {1: 3, 3: -257}, [], 5, "x", {1: "a"}]
OFF_THE_CURVE = {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32}


def _certificate() -> bytes:
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now).public_key(key.public_key())
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def _of_an_unknown_kind(certificate: bytes) -> bytes:
    """The certificate with a kind of key that nobody knows."""
    elliptic = bytes.fromhex("06072a8648ce3d0201")  # the object identifier 1.2.840.10045.2.1
    assert elliptic in certificate
    return certificate.replace(elliptic, elliptic[:-1] + b"\x7f")


CERTIFICATE = _certificate()
SIGNED = {"alg": -7, "sig": b"x"}
_LIST = urlsafe_b64encode(b"[]").rstrip(b"=")
ATTESTED = [
    pytest.param("android-safetynet", {"ver": "1", "response": "x"}, id="no bytes"),
    pytest.param("android-safetynet", {"ver": "1", "response": b".".join([_LIST] * 3)}, id="lists"),
    pytest.param("packed", SIGNED | {"x5c": [_of_an_unknown_kind(CERTIFICATE)]}, id="kind of key"),
    pytest.param("android-key", SIGNED | {"x5c": [CERTIFICATE]}, id="no extension"),
    pytest.param("tpm", SIGNED | {"ver": "2.0", "x5c": [b""], "certInfo": 5}, id="no TPM"),
    pytest.param("fido-u2f", SIGNED | {"x5c": [5]}, id="no certificate"),
]


@pytest.mark.parametrize("public", KEYS)
async def test_a_made_up_key_makes_no_passkey(admin: Actor, public: Any) -> None:
    made = Device(PUBLIC_URL, public=public).make(await passkeys.begin(admin))
    with pytest.raises(PasskeyRefusedError):
        await passkeys.finish(admin, made)


@pytest.mark.parametrize(("form", "statement"), ATTESTED)
async def test_a_made_up_attestation_makes_no_passkey(
    admin: Actor, form: str, statement: dict[str, Any]
) -> None:
    made = Device(PUBLIC_URL, attested=(form, statement)).make(await passkeys.begin(admin))
    with pytest.raises(PasskeyRefusedError):
        await passkeys.finish(admin, made)


async def test_a_key_that_is_none_on_its_curve_lets_nobody_in(admin: Actor, tenant: Tenant) -> None:
    device = Device(PUBLIC_URL, public=OFF_THE_CURVE)
    await passkeys.finish(admin, device.make(await passkeys.begin(admin)))
    with pytest.raises(PasskeyRefusedError):
        await passkey_sign_in.sign_in(
            tenant.slug, device.answer(passkeys.sign_in_options(tenant.slug)), CALLER
        )


@pytest.mark.parametrize("signature", ["A", "\N{LATIN SMALL LETTER E WITH ACUTE}", 5, None])
async def test_a_made_up_signature_of_a_passkey_that_is_known_is_refused(
    admin: Actor, tenant: Tenant, signature: Any
) -> None:
    device = Device(PUBLIC_URL)
    await passkeys.finish(admin, device.make(await passkeys.begin(admin)))
    said = json.loads(device.answer(passkeys.sign_in_options(tenant.slug)))
    said["response"]["signature"] = signature
    with pytest.raises(PasskeyRefusedError):
        await passkey_sign_in.sign_in(tenant.slug, json.dumps(said), CALLER)


@pytest.mark.parametrize("sign_in", [passkey_sign_in.sign_in, of_customers.sign_in])
async def test_an_answer_that_cannot_be_read_is_a_refused_sign_in_in_the_log(
    tenant: Tenant, sign_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PasskeyRefusedError):
        await sign_in(tenant.slug, "{", CALLER)
    assert f"ip={CALLER.ip} reason=wrong-passkey" in caplog.text
