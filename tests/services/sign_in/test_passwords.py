"""Which passwords are taken, and how they are kept."""

import asyncio
import os
import sys
import threading
import time
import unicodedata

import pytest

from services.core.errors import InvalidInputError
from services.database.runtime import Runtime
from services.sign_in import passwords
from services.sign_in.passwords import check_password, estimate, hash_password, verify_password
from tests.conftest import ONE_DATABASE
from tests.factories import PASSWORD

# What a thread weighs beside others, by its niceness from 0 (Linux, kernel/sched/core.c,
# sched_prio_to_weight).
KERNEL_WEIGHTS = (
    *(1024, 820, 655, 526, 423, 335, 272, 215, 172, 137),
    *(110, 87, 70, 56, 45, 36, 29, 23, 18, 15),
)
OWN_WORDS = ("Ada", "Lovelace", "ada.lovelace@example.com", "Analytical Engines Ltd")


async def refusal(password: str, words: tuple[str, ...] = OWN_WORDS) -> str:
    with pytest.raises(InvalidInputError, match=r"\.$") as caught:
        await check_password(password, words)
    return str(caught.value)


@ONE_DATABASE
@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "xkq vjw zpr mtb",  # exactly 15
        "пятнадцать разных слов",
        "密码是一个很长的句子没有人会猜到它",
        "tr0ub4dor&3 and more",
        "vowel horse 🐎🐎🐎🐎 stable",
        "  spaces around it count  ",
    ],
)
async def test_long_and_unusual_is_enough(rollcall: Runtime, password: str) -> None:
    await check_password(password, OWN_WORDS)


@ONE_DATABASE
async def test_fourteen_characters_are_too_few(rollcall: Runtime) -> None:
    assert "15 characters or more" in await refusal("xkq vjw zpr mt")


@ONE_DATABASE
async def test_operator_may_ask_for_another_length(rollcall: Runtime) -> None:
    rollcall.settings.password_min_length = 8
    await check_password("xkq vjw9", OWN_WORDS)
    assert "8 characters or more" in await refusal("xkq vjw")


@ONE_DATABASE
async def test_length_is_counted_in_characters_after_normalisation(rollcall: Runtime) -> None:
    # Fourteen letters, each with an accent of its own: 28 code points, and 14 characters.
    decomposed = unicodedata.normalize("NFD", "éèêëàâäùûüôöîï")
    assert len(decomposed) == 28
    assert "15 characters or more" in await refusal(decomposed)


@ONE_DATABASE
async def test_128_characters_are_kept_whole(rollcall: Runtime) -> None:
    password = ("vjw zpr mtb xkq " * 8)[:127] + "A"
    await check_password(password, OWN_WORDS)
    stored = await hash_password(password)
    assert await verify_password(password, stored)
    assert not await verify_password(password[:-1] + "B", stored)
    assert not await verify_password(password[:-1], stored)


@ONE_DATABASE
async def test_129_characters_are_too_many(rollcall: Runtime) -> None:
    assert "128 characters at most" in await refusal("x" * 129)
    assert "128 characters at most" in await refusal("x" * 1_000_000)


@ONE_DATABASE
@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password12345678",
        "aaaaaaaaaaaaaaaaaaaa",
        "qwertyuiopasdfgh",
        "123456789012345678",
        "iloveyouiloveyou",
        "PASSWORDPASSWORD",
    ],
)
async def test_common_one_is_refused(rollcall: Runtime, password: str) -> None:
    assert "Too easy to guess" in await refusal(password)


@ONE_DATABASE
@pytest.mark.parametrize(
    "password",
    [
        "Ada Lovelace!!!",
        "lovelacelovelace",
        "LOVELACE-lovelace",
        "ada.lovelace@example.com",
        "analytical engines",
        "AnalyticalEnginesLtd1",
        "lovelace example 1",
    ],
)
async def test_one_made_of_the_persons_own_words_is_refused(
    rollcall: Runtime, password: str
) -> None:
    await refusal(password)


@ONE_DATABASE
async def test_own_word_beside_enough_else_is_no_harm(rollcall: Runtime) -> None:
    await check_password("lovelace rides a purple elephant", OWN_WORDS)


@ONE_DATABASE
async def test_there_are_no_composition_rules(rollcall: Runtime) -> None:
    await check_password("seventeen lazy badgers", OWN_WORDS)


async def test_same_characters_typed_on_another_keyboard_are_the_same_password() -> None:
    stored = await hash_password("ﬁfteen café words, Åse")
    assert await verify_password(unicodedata.normalize("NFD", "fifteen café words, Åse"), stored)
    assert not await verify_password("fifteen cafe words, Ase", stored)


@pytest.mark.parametrize("password", ["", "\0", "a\0b", "\ud800", "🐎" * 1000, "\u202e"])
async def test_anything_typed_can_be_compared(password: str) -> None:
    stored = await hash_password(PASSWORD)
    assert not await verify_password(password, stored)
    assert not await verify_password(password, None)


async def test_nul_cuts_nothing_off() -> None:
    stored = await hash_password("before\0after the nul")
    assert not await verify_password("before\0something else", stored)
    assert not await verify_password("before", stored)


@pytest.mark.usefixtures("real_hashes")
async def test_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = await hash_password(PASSWORD), await hash_password(PASSWORD)
    assert first.startswith("$argon2id$v=19$")
    assert first != second
    assert len(first) <= 255


async def test_nothing_stored_matches_nothing() -> None:
    assert not await verify_password("nobody's password", None)
    assert not await verify_password(PASSWORD, "no hash at all")


@pytest.mark.long
@pytest.mark.usefixtures("real_hashes")
async def test_unknown_account_takes_as_long_as_a_wrong_password() -> None:
    stored = await hash_password(PASSWORD)

    async def time_of(kept: str | None) -> float:
        times = []
        for _ in range(9):
            started = time.process_time()  # whatever else the machine does
            await verify_password("wrong", kept)
            times.append(time.process_time() - started)
        return sorted(times)[len(times) // 2]

    assert 0.5 < await time_of(None) / await time_of(stored) < 2


@pytest.mark.usefixtures("real_hashes")
async def test_hashing_leaves_the_event_loop_free() -> None:
    task = asyncio.create_task(hash_password(PASSWORD))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert passwords._threads._max_workers >= 1


@ONE_DATABASE
async def test_estimate_tells_score_and_sentence(rollcall: Runtime) -> None:
    good = await estimate(PASSWORD, OWN_WORDS)
    assert (good.score, good.accepted, good.message) == (4, True, "A good password.")
    bad = await estimate("passwordpassword", OWN_WORDS)
    assert bad.score < passwords.GOOD_SCORE
    assert not bad.accepted


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of single threads")
async def test_hashing_gives_way_to_everything_else() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    loop = asyncio.get_running_loop()
    hashing = await loop.run_in_executor(passwords._threads, niceness)
    assert hashing == max(passwords.HASHING_NICENESS, niceness())
    assert niceness() == os.getpriority(os.PRIO_PROCESS, 0)


def test_beside_any_number_of_others_a_hash_takes_at_most_1_6_times_as_long() -> None:
    # Of n + 1 threads, one of weight w has w / (w + n * usual) of the time, and 1 / (n + 1) at the
    # usual weight. The more others there are, the nearer the ratio comes to usual / w.
    usual, weight = KERNEL_WEIGHTS[0], KERNEL_WEIGHTS[passwords.HASHING_NICENESS]
    assert usual / weight <= 1.6


def test_a_hash_weighs_less_than_a_request() -> None:
    assert KERNEL_WEIGHTS[passwords.HASHING_NICENESS] < KERNEL_WEIGHTS[0]
