"""A provider's key set has keys that Rollcall doesn't understand."""

import pytest
from joserfc.jwk import ECKey, Key, RSAKey

from models import Tenant, User
from services.sso.errors import Refusal, SsoError
from tests import books
from tests.services.sso.conftest import arrive
from tests.services.sso.provider import Faults, TestProvider

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

FOREIGN_KEYS: dict[str, object] = {
    "an unknown type": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "x"},
    "no type": {"kid": "x"},
    "an unknown curve": {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "x"},
    "another unknown curve": {"kty": "OKP", "crv": "Ed999", "x": "AA", "kid": "x"},
    "a curve for no signature": {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "x"},
    "an unknown algorithm": {"kty": "RSA", "alg": "RS999", "n": "AQAB", "e": "AQAB", "kid": "x"},
    "a key to encrypt": {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB", "kid": "x"},
    "a key to encrypt, in other words": {"kty": "RSA", "key_ops": ["encrypt"], "kid": "x"},
    "a shared secret": {"kty": "oct", "k": "AA", "kid": "x"},
    "a key without its values": {"kty": "RSA", "kid": "x"},
    "values that make no sense": {"kty": "EC", "crv": "P-256", "x": "!", "y": 7, "kid": "x"},
    "a type that is no text": {"kty": ["RSA"], "crv": {}, "alg": [], "key_ops": None},
    "the name of the key that signs": {"kty": "AKP", "kid": "first"},
    "no object": "RSA",
    "nothing": None,
}


async def test_keys_that_are_not_understood_are_ignored(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.faults = Faults(more_keys=list(FOREIGN_KEYS.values()))
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    assert await books.live_sessions_of(ada.id)


ANOTHER_RSA = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})
ANOTHER_TYPE = ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})


@pytest.mark.parametrize("before", [[ANOTHER_RSA], [ANOTHER_TYPE], [ANOTHER_TYPE, ANOTHER_RSA]])
async def test_each_key_of_one_name_is_tried(
    tenant: Tenant, ada: User, provider: TestProvider, before: list[Key]
) -> None:
    provider.faults = Faults(more_keys=[key.as_dict(private=False) for key in before])
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    assert await books.live_sessions_of(ada.id)


@pytest.mark.parametrize("foreign", FOREIGN_KEYS)
async def test_a_set_of_such_keys_alone_is_told_in_words(
    tenant: Tenant, ada: User, provider: TestProvider, foreign: str
) -> None:
    provider.faults = Faults(more_keys=[FOREIGN_KEYS[foreign]], without_key=True)
    provider.sign_in(ada.email)
    with pytest.raises(SsoError, match="None of the keys at") as caught:
        await arrive(tenant, provider)
    assert caught.value.reason is Refusal.PROVIDER_ANSWER
    assert await books.live_sessions_of(ada.id) == []
