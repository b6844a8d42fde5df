"""Hashing in memory that is kept from one hash to the next."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from services.sign_in import kept_memory, passwords
from services.sign_in.kept_memory import Hasher
from tests.browser.waiting import PATIENCE

OURS = Hasher()
LIBRARY = PasswordHasher()
ODD = ["", "a\0b", "пятнадцать слов", "🐎" * 100]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    kept_memory.give_back()
    yield
    kept_memory.give_back()


@pytest.mark.parametrize("password", ODD)
def test_the_library_verifies_what_was_hashed_here(password: str) -> None:
    assert LIBRARY.verify(OURS.hash(password), password)


@pytest.mark.parametrize("password", ODD)
def test_what_the_library_hashed_is_verified_here(password: str) -> None:
    assert OURS.verify(LIBRARY.hash(password), password)


def test_a_wrong_password_is_told_as_the_library_tells_it() -> None:
    with pytest.raises(VerifyMismatchError):
        OURS.verify(OURS.hash("right"), "wrong")


def test_each_hash_has_a_salt_of_its_own() -> None:
    assert OURS.hash("same") != OURS.hash("same")


def test_the_next_hash_works_in_the_memory_of_the_last() -> None:
    OURS.hash("first")
    (kept,) = kept_memory._free
    OURS.verify(OURS.hash("second"), "second")
    assert list(kept_memory._free) == [kept]


def test_nothing_of_a_hash_is_left_in_kept_memory() -> None:
    OURS.hash("a secret")
    (kept,) = kept_memory._free
    assert kept[:] == bytes(len(kept))


def test_a_hash_of_other_costs_is_verified_in_the_librarys_memory() -> None:
    assert OURS.verify(PasswordHasher(memory_cost=64).hash("other"), "other")
    assert not kept_memory._free


@pytest.mark.parametrize("stored", ["", "$argon2id$", "no hash"])
def test_what_is_no_hash_is_told(stored: str) -> None:
    with pytest.raises(InvalidHashError):
        OURS.verify(stored, "any")


def test_a_hash_with_letters_that_base64_lacks_is_told() -> None:
    *before, hashed = OURS.hash("any").split("$")
    with pytest.raises(InvalidHashError):
        OURS.verify("$".join((*before, "!" + hashed[1:])), "any")


@pytest.mark.usefixtures("real_hashes")
async def test_memory_is_given_back_when_nobody_has_signed_in_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given_back = threading.Event()
    monkeypatch.setattr(kept_memory, "give_back", given_back.set)
    await passwords.hash_password("first")
    assert not given_back.is_set()
    monkeypatch.setattr(passwords, "QUIET", 0)
    await passwords.hash_password("last")
    assert await asyncio.to_thread(given_back.wait, PATIENCE)


def test_memory_that_is_given_back_isn_t_kept() -> None:
    OURS.hash("any")
    kept_memory.give_back()
    assert not kept_memory._free


# Argon2 works in 64 MiB and in threads of its own. Where it can't begin one of these, it leaves its
# memory as it is.
WITH_MORE_MIB = """
import re, resource
from argon2.exceptions import HashingError
from services.sign_in import kept_memory
from services.sign_in.kept_memory import Hasher
used = 1024 * int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1])
resource.setrlimit(resource.RLIMIT_AS, (used + ({mib} << 20), resource.RLIM_INFINITY))
for _ in range(3):
    try:
        Hasher().hash("any")
    except HashingError as error:
        print(error, len(kept_memory._used))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits")
@pytest.mark.parametrize(
    ("mib", "said"), [(32, "Memory allocation error"), (68, "Threading failure")]
)
def test_a_system_that_lacks_what_it_takes_is_told_and_nothing_stays(mib: int, said: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITH_MORE_MIB.format(mib=mib)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout.splitlines() == [f"{said} 0"] * 3


HARDENED = """
import ctypes
# PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN (prctl(2); Linux 6.3)
print(ctypes.CDLL(None).prctl(65, 1, 0, 0, 0))
from services.sign_in.kept_memory import Hasher
print(Hasher().verify(Hasher().hash("any"), "any"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux refuses such memory")
def test_a_service_that_may_have_no_writable_and_executable_memory_hashes() -> None:
    run = subprocess.run(
        [sys.executable, "-c", HARDENED], check=True, capture_output=True, text=True
    )
    refuses, verified = run.stdout.split()
    if refuses != "0":
        pytest.skip("this kernel can't refuse it")
    assert verified == "True"
