"""A passkey's answer at several places at once, and at the moment of a deactivation."""

import pytest

from models import Tenant
from services.access.actor import Actor
from services.core.errors import PasskeyRefusedError
from services.sessions.sessions import Caller
from services.sign_in.second_factors import passkey_sign_in, passkeys
from services.users import accounts
from tests import books, factories
from tests.authenticator import challenge_of
from tests.factories import CALLER
from tests.racing import FEW_ROUNDS, duel, race, rounds
from tests.services.sign_in.second_factors.test_passkeys import add_passkey


@pytest.mark.long
async def test_of_two_uses_of_one_answer_at_once_one_succeeds(admin: Actor, tenant: Tenant) -> None:
    device, _ = await add_passkey(admin, counts=False)

    async def play(number: int) -> None:
        caller = Caller(f"198.51.100.{number}")  # failures from one would have to pause
        answer = device.answer(passkeys.sign_in_options(tenant.slug))
        came, refused = await race(
            *(passkey_sign_in.sign_in(tenant.slug, answer, caller) for _ in range(3))
        )
        assert (len(came), [type(error) for error in refused]) == (1, [PasskeyRefusedError] * 2)

    for number in range(FEW_ROUNDS):
        await play(number)


@pytest.mark.long
async def test_a_passkey_against_deactivation_leaves_nobody_in(
    tenant: Tenant, admin: Actor
) -> None:
    people = await factories.create_users(FEW_ROUNDS, tenant)
    devices = [(await add_passkey(await factories.sign_in(person)))[0] for person in people]

    async def play(number: int) -> bool:
        answer = devices[number].answer(passkeys.sign_in_options(tenant.slug))
        came, _ = await duel(
            number,
            20,
            passkey_sign_in.sign_in(tenant.slug, answer, CALLER),
            accounts.set_active(admin, people[number].id, active=False),
        )
        return came

    assert set(await rounds(play, FEW_ROUNDS)) == {True, False}
    assert await books.ways_in({person.id for person in people}) == []


async def test_challenges_are_never_the_same(tenant: Tenant) -> None:
    made = {challenge_of(passkeys.sign_in_options(tenant.slug)) for _ in range(50)}
    assert len(made) == 50
