"""Passwords: what is accepted, and how they are kept (NIST SP 800-63B-4, section 3.1.1)."""

import asyncio
import functools
import os
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel

from services.core.errors import BusyError, InvalidInputError
from services.core.lazily import lazily
from services.database import runtime
from services.sign_in import kept_memory

if TYPE_CHECKING:
    import zxcvbn
else:
    zxcvbn = lazily("zxcvbn")

P = ParamSpec("P")
T = TypeVar("T")

MAX_LENGTH = 128
# zxcvbn's cost grows fast with the length of a password; this is its own default limit.
ESTIMATED_LENGTH = 72
# zxcvbn's scale: a password below 2 is found with fewer than 10^6 guesses. Length does the rest:
# eight random characters, the least that an operator may allow, have 2, and a sentence has 4.
GOOD_SCORE = 2
# A word of the person's own that is shorter than this is too common to be forbidden.
MIN_PERSONAL_WORD = 3

# The niceness of the threads that hash (0 is usual, 19 yields most): beside our own event loop they
# yield, and beside other programs they take at most 1.6 times as long as with 0 (Linux gives
# niceness 0 a weight of 1,024, and 2 a weight of 655; kernel/sched/core.c).
HASHING_NICENESS = 2


def _give_way() -> None:
    """Let requests of signed-in people go before sign-ins, because hashing takes all the processor
    time that it gets.

    Only Linux has priorities of single threads (setpriority(2)); the threads that Argon2 starts
    inherit it.
    """
    if sys.platform == "linux":
        niceness = max(HASHING_NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


_hasher: PasswordHasher = kept_memory.Hasher()
# After this many seconds without a hash, its memory is given back.
QUIET = 60
CORES = os.cpu_count() or 1
# One hash works in four threads of its own, and keeps two cores busy for tens of milliseconds:
# several at a time would only wait for each other, and keep the event loop waiting.
THREADS = max(1, CORES // 2)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords", initializer=_give_way)
# This many may wait or be worked on. A hash takes 30 to 150 ms of a core (Argon2id as above; 150 on
# the machine of docs/benchmarks.md), so the last one in a queue of 64 per core waits 2 to 10 s.
QUEUE = 64 * CORES
# In addition, this many for people who have shown that they are no strangers: by a link, a session,
# or a device.
KNOWN_QUEUE = 32 * CORES
# After this many seconds somebody may come again: by then most of the longest queue is done.
COME_AGAIN = 5
# The password of an unknown account is compared with this, so that it takes as long as any other.
# It was hashed once and for all, as `_hasher` does it, because that takes a tenth of a start.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$0rqaJBjxeL+HObceND0rXA"
    "$2gBDF7g1GcmcdSFeSmhp+CiHgoDvwfa1QxP80+++GSc"
)


class Strength(BaseModel):
    """The estimate for a password: a score from 0 to 4, whether it is accepted, and a sentence."""

    score: int
    accepted: bool
    message: str


_slots = 0
_giving_back: asyncio.TimerHandle | None = None
_has_slot: ContextVar[bool] = ContextVar("has_slot", default=False)


@contextmanager
def slot(*, known: bool = True) -> Iterator[None]:
    """Hold a slot in the queue; raises `BusyError` at once if the queue is full.

    Everything that is done with passwords takes a slot by itself. A caller that counts an attempt
    before it is made takes a slot before that.
    """
    global _slots  # noqa: PLW0603 - one queue per process, as there is one set of cores
    if _has_slot.get():
        yield
        return
    if _slots >= QUEUE + (KNOWN_QUEUE if known else 0):
        raise BusyError(COME_AGAIN)
    _slots += 1
    held = _has_slot.set(True)
    try:
        yield
    finally:
        _has_slot.reset(held)
        _slots -= 1


async def hash_password(password: str) -> str:
    """The Argon2id hash to store. Runs in a thread."""
    return await _in_thread(_hasher.hash, _normal(password))


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one; takes the same time if nothing is stored."""
    return await _in_thread(_verify, _normal(password), stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


async def check_password(
    password: str, own_words: Iterable[str], *, field: str = "password"
) -> None:
    """Raise `InvalidInputError`, with a sentence for this field, if the password isn't acceptable.

    `own_words` are the person's name and email and the tenant's name.
    """
    strength = await estimate(password, own_words)
    if not strength.accepted:
        raise InvalidInputError({field: strength.message})


async def estimate(password: str, own_words: Iterable[str]) -> Strength:
    """Judge a password. Runs in a thread: a long one takes tens of milliseconds."""
    minimum = runtime.current().settings.password_min_length
    return await _in_thread(_judge, _normal(password), minimum, list(own_words))


async def _in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    call = functools.partial(function, *args, **kwargs)
    loop = asyncio.get_running_loop()
    with slot():
        try:
            return await loop.run_in_executor(_threads, call)
        finally:
            _give_back_when_quiet(loop)


def _give_back_when_quiet(loop: asyncio.AbstractEventLoop) -> None:
    global _giving_back  # noqa: PLW0603 - one timer, as there is one kept memory
    if _giving_back is not None:
        _giving_back.cancel()
    # In a thread: the system takes some milliseconds to take it.
    _giving_back = loop.call_later(QUIET, _threads.submit, kept_memory.give_back)


def _judge(password: str, minimum: int, own_words: list[str]) -> Strength:
    if len(password) < minimum:
        return Strength(
            score=0,
            accepted=False,
            message=f"Use {minimum} characters or more; a sentence is fine.",
        )
    if len(password) > MAX_LENGTH:
        return Strength(score=0, accepted=False, message=f"Use {MAX_LENGTH} characters at most.")
    words = sorted({part for word in own_words for part in _parts(word)}, key=len, reverse=True)
    # "pass word" is no better than "password": what stands between the letters doesn't count.
    squeezed = "".join(c for c in password.casefold() if c.isalnum())
    rest = squeezed
    for word in words:
        rest = rest.replace(word, "")
    if rest != squeezed and len(rest) < minimum // 2:
        return Strength(
            score=1, accepted=False, message="Too close to your own name, email or organisation."
        )
    score = min(_score(password, words), _score(squeezed or password, words))
    if score < GOOD_SCORE:
        return Strength(
            score=score,
            accepted=False,
            message="Too easy to guess: it is a common password, or built from common parts.",
        )
    return Strength(score=score, accepted=True, message="A good password.")


def _score(password: str, words: list[str]) -> int:
    result = zxcvbn.zxcvbn(password[:ESTIMATED_LENGTH], user_inputs=words)
    return int(result["score"])


def _parts(words: str) -> list[str]:
    pieces = "".join(c if c.isalnum() else " " for c in words.casefold()).split()
    return [piece for piece in pieces if len(piece) >= MIN_PERSONAL_WORD]


def _normal(password: str) -> str:
    # The same characters typed on another keyboard must be the same password (SP 800-63B-4
    # recommends NFKC or NFKD). Half a surrogate pair can't be encoded, and is kept as it came.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
