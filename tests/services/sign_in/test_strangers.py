"""Strangers write nothing where they are refused, and an IPv6 network is one of them."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from models import Tenant
from services.core.errors import (
    PasskeyRefusedError,
    SessionEndedError,
    SignInFailedError,
    TooManyAttemptsError,
)
from services.core.networks import network_of
from services.database.runtime import Runtime
from services.screens import pairing
from services.sessions.sessions import Caller
from services.sign_in import password_change, throttle
from services.sign_in.second_factors import passkey_sign_in
from services.sign_in.sign_in import sign_in
from services.workspace.customers import passkeys as customer_passkeys
from services.workspace.customers import visits
from tests.factories import CALLER, FIREFOX

ANSWER = "{}"  # of no passkey


def _email(caller: Caller) -> str:
    """Another one each time: what is counted by account is tested elsewhere."""
    return f"{caller.ip.replace(':', '')}@example.com"


ASKED: dict[str, Callable[[Tenant, Caller], Awaitable[object]]] = {
    "a password": lambda t, c: sign_in(t.slug, _email(c), "guess", c),
    "a link for a new password": lambda t, c: password_change.request_reset(t.slug, _email(c), c),
    "a link of a customer's person": lambda t, c: visits.ask(t.slug, _email(c), c),
    "a passkey": lambda t, c: passkey_sign_in.sign_in(t.slug, ANSWER, c),
    "a passkey of a customer's person": lambda t, c: customer_passkeys.sign_in(t.slug, ANSWER, c),
    "a screen's code": lambda _t, c: pairing.offer_code(c, None),
}


async def _until_refused(ask: Callable[[Caller], Awaitable[object]]) -> None:
    for number in range(throttle.FREE_FAILURES["ip"] + pairing.MOST_OF_ONE_NETWORK):
        # Each time from another ip of one network, which its owner can do.
        caller = Caller(f"2001:db8:1:2::{number + 1:x}", FIREFOX)
        try:
            await ask(caller)
        except TooManyAttemptsError:
            return
        except (PasskeyRefusedError, SignInFailedError):
            continue
    pytest.fail("never")


@pytest.mark.usefixtures(
    "stopped_clock", "others_write"
)  # where nobody does, there is no turn to take
@pytest.mark.parametrize("what", ASKED)
async def test_who_asks_too_often_in_one_network_is_refused_without_a_write(
    what: str, rollcall: Runtime, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_change, "REQUEST_SECONDS", 0)
    monkeypatch.setattr(visits, "REQUEST_SECONDS", 0)

    async def ask(caller: Caller) -> object:
        return await ASKED[what](tenant, caller)

    await _until_refused(ask)
    queue = rollcall.database.queue
    begun = queue.begun
    with pytest.raises(TooManyAttemptsError):
        await ask(Caller("2001:db8:1:2:ffff::1", FIREFOX))
    assert queue.begun == begun
    with pytest.raises(SessionEndedError):
        await pairing.claim_session(CALLER, uuid4().hex)
    assert queue.begun == begun


def test_an_ipv6_network_is_one_and_an_ipv4_address_is_one() -> None:
    assert network_of("2001:db8:1:2::5") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:2::5") != network_of("2001:db8:1:3::5")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("_hidden") == "_hidden"  # as a proxy may call somebody (RFC 7239)
