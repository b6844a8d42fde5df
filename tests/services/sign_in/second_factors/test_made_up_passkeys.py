"""Passkeys and answers that no device makes: each is refused in words, and logged as refused."""

import json
from typing import Any

import pytest

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


@pytest.mark.parametrize("public", KEYS)
async def test_a_made_up_key_makes_no_passkey(admin: Actor, public: Any) -> None:
    made = Device(PUBLIC_URL, public=public).make(await passkeys.begin(admin))
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
