"""A provider publishes several keys under one name."""

import pytest
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from services.sso import tokens
from services.sso.keys import ALGORITHMS

ANOTHER_RSA = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})
ANOTHER_TYPE = ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})
NEW_RSA = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})
REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


@pytest.mark.parametrize("known", [[ANOTHER_RSA, ANOTHER_TYPE], [ANOTHER_TYPE, ANOTHER_RSA]])
def test_a_new_key_of_a_name_that_two_have_is_noticed_by_its_signature(known: list[Key]) -> None:
    token = jwt.encode({"alg": "RS256", "kid": "first"}, {}, NEW_RSA)
    with pytest.raises(BadSignatureError):  # so the keys are asked for again
        tokens._decoded(token, KeySet(known), REGISTRY)


def test_of_a_thousand_keys_of_one_name_few_are_tried() -> None:
    token = jwt.encode({"alg": "RS256", "kid": "first"}, {}, NEW_RSA)
    many: list[Key] = [ANOTHER_RSA] * 1000
    others: list[Key] = [ANOTHER_RSA] * (tokens.MOST_OF_ONE_ID - 1)
    assert tokens._decoded(token, KeySet([*others, NEW_RSA]), REGISTRY).claims == {}
    with pytest.raises(BadSignatureError):
        tokens._decoded(token, KeySet([*many, NEW_RSA]), REGISTRY)
