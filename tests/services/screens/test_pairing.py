"""A screen's code: who may type it, how often, and what comes of it."""

import asyncio
from datetime import timedelta

import pytest

from models import EndReason, Tenant
from services.access.actor import FRESH_FOR, Actor
from services.core import clock
from services.core.errors import (
    FreshSignInNeededError,
    InvalidInputError,
    SessionEndedError,
    TooManyAttemptsError,
)
from services.database.runtime import Runtime
from services.database.transaction import Transaction
from services.database.write_queue import PATIENT_AT_ONCE
from services.screens import pairing, screens
from services.screens.pairing import ALPHABET, LIFETIME, CodeState
from services.sessions import ended_sessions
from tests import books
from tests.factories import CALLER
from tests.services.screen_calls import new_screen
from tests.services.screens.pairing_of import paired


async def test_a_code_has_eight_letters_and_digits_that_look_like_no_others(
    rollcall: Runtime,
) -> None:
    code = (await pairing.offer_code(CALLER, None)).code
    assert len(code) == 9
    assert code[4] == "-"
    assert set(code) - {"-"} <= set(ALPHABET)
    for alike in ("0O", "1IL", "2Z", "5S", "8B", "UV"):
        assert len(set(alike) & set(ALPHABET)) <= 1


async def test_a_letter_that_was_read_for_its_lookalike_counts_as_meant(
    rollcall: Runtime, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "ALPHABET", "258V")
    offer = await pairing.offer_code(CALLER, None)
    misread = offer.code.translate(str.maketrans("258V", "ZSBU"))
    await pairing.pair_screen(admin, new_screen(misread))


async def test_a_code_that_an_admin_types_becomes_a_session_once(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    offer = await pairing.offer_code(CALLER, None)
    with pytest.raises(SessionEndedError):
        await pairing.claim_session(CALLER, offer.key)
    screen = await pairing.pair_screen(admin, new_screen(offer.code.lower().replace("-", " ")))
    code_id = await pairing.find_code(offer.key)
    assert code_id is not None
    assert await pairing.find_states([code_id]) == {code_id: CodeState.TYPED}
    token = await pairing.claim_session(CALLER, offer.key)
    actor = await screens.recognise(token, CALLER)
    assert (actor.screen_id, actor.tenant_id) == (screen.id, tenant.id)
    with pytest.raises(SessionEndedError):
        await pairing.claim_session(CALLER, offer.key)
    with pytest.raises(InvalidInputError):
        await pairing.pair_screen(admin, new_screen(offer.code))
    assert await books.actions_of(tenant) == ["screen.paired"]


async def test_pairing_takes_a_fresh_sign_in(rollcall: Runtime, admin: Actor) -> None:
    offer = await pairing.offer_code(CALLER, None)
    clock.shift(FRESH_FOR + timedelta(seconds=1))
    with pytest.raises(FreshSignInNeededError):
        await pairing.pair_screen(admin, new_screen(offer.code))


async def test_a_code_lasts_ten_minutes_or_until_its_browser_shows_another(
    rollcall: Runtime, admin: Actor
) -> None:
    first = await pairing.offer_code(CALLER, None)
    second = await pairing.offer_code(CALLER, first.key)
    with pytest.raises(InvalidInputError):
        await pairing.pair_screen(admin, new_screen(first.code))
    clock.shift(LIFETIME)
    with pytest.raises(InvalidInputError):
        await pairing.pair_screen(admin, new_screen(second.code))
    assert await pairing.find_code(second.key) is None


async def test_a_code_is_gone_after_five_tries_at_it(rollcall: Runtime, admin: Actor) -> None:
    offer = await pairing.offer_code(CALLER, None)
    wrong = offer.code[:-1] + ("2" if offer.code[-1] != "2" else "3")
    for _ in range(5):
        with pytest.raises(InvalidInputError):
            await pairing.pair_screen(admin, new_screen(wrong))
    assert await pairing.find_code(offer.key) is None


@pytest.mark.usefixtures("stopped_clock")
async def test_who_guesses_at_any_code_is_slowed_down(rollcall: Runtime, admin: Actor) -> None:
    for number in range(6):
        with pytest.raises(InvalidInputError):
            await pairing.pair_screen(admin, new_screen(f"ABCD-222{number + 2}"))
    offer = await pairing.offer_code(CALLER, None)
    with pytest.raises(TooManyAttemptsError):
        await pairing.pair_screen(admin, new_screen(offer.code))


async def test_strangers_can_have_no_more_codes_than_a_wall_of_screens_needs(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "MOST_OF_ONE_NETWORK", 2)
    for _ in range(2):
        await pairing.offer_code(CALLER, None)
    with pytest.raises(TooManyAttemptsError):
        await pairing.offer_code(CALLER, None)


async def test_those_who_ask_at_the_same_moment_have_no_more_either(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Fewer than may run at a time: else those who count at the same moment may all have one.
    most = PATIENT_AT_ONCE - 1
    monkeypatch.setattr(pairing, "MOST_OF_ONE_NETWORK", most)
    require_room = pairing._require_room

    async def require_room_slowly(tx: Transaction, network: str, own: bytes) -> None:
        await require_room(tx, network, own)
        await asyncio.sleep(0.05)  # the others count meanwhile, if they may

    monkeypatch.setattr(pairing, "_require_room", require_room_slowly)
    asked = [pairing.offer_code(CALLER, None) for _ in range(8)]
    got = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(code) for code in got].count(pairing.Offer) == most


async def test_a_revoked_screen_is_none_from_the_commit_on(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    actor, token = await paired(admin)
    await screens.revoke_screen(admin, actor.screen_id)
    with pytest.raises(SessionEndedError) as refused:
        await screens.recognise(token, CALLER)
    assert refused.value.reason is EndReason.REVOKED
    assert await ended_sessions.find([actor.session_id]) == {actor.session_id: EndReason.REVOKED}
    assert await screens.find_settings([actor.screen_id]) == {}
    assert await screens.list_screens(admin) == []
    assert "screen.revoked" in await books.actions_of(tenant)
