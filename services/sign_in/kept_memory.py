"""Argon2id in memory that is kept from one hash to the next.

A hash works in 64 MiB. The library asks the system for them each time and gives them back, and to
clear them anew is a quarter of a hash's time (docs/benchmarks.md). Everything else is the
library's: what is made here, it verifies, and what it made is verified here.
"""

import ctypes
import mmap
import os
from base64 import b64decode, b64encode
from collections import deque
from contextlib import suppress
from hmac import compare_digest
from threading import get_ident
from typing import Literal

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerifyMismatchError
from argon2.low_level import core, error_to_str, ffi
from argon2.profiles import RFC_9106_LOW_MEMORY as COSTS

# What Argon2's functions and callbacks return (its argon2.h).
OK = 0
NO_MEMORY = -22

_free: deque[mmap.mmap] = deque()
# By the thread that hashes in it.
_used: dict[int, mmap.mmap] = {}


def give_back() -> None:
    """Give the memory that no hash works in back to the system. May be called at any time."""
    with suppress(IndexError):  # a hash in another thread may take the last one
        while True:
            _free.pop().close()


def _allocate(place: "ctypes._Pointer[ctypes.c_void_p]", size: int) -> int:
    # What Argon2 calls must not raise.
    try:
        memory = _free.pop()
    except IndexError:
        try:
            memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except OSError:
            return NO_MEMORY
    _used[get_ident()] = memory
    place[0] = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    return OK


def _release(_address: int, _size: int) -> None:
    # Argon2 has wiped it (its default; `clear_internal_memory` in its core.c).
    _free.append(_used.pop(get_ident()))


_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t)
_RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)
_CALLBACKS: dict[str, object] = {}
# By ctypes, because CFFI's own callbacks need memory that is writable and executable at once, which
# a hardened service may not have (systemd's MemoryDenyWriteExecute). With an old libffi, ctypes
# needs it, too: then each hash asks the system for its memory.
with suppress(MemoryError):
    _allocator, _releaser = _ALLOCATE(_allocate), _RELEASE(_release)  # freed if no name held them
    _CALLBACKS["allocate_cbk"] = ffi.cast(
        "int (*)(uint8_t **, size_t)", ctypes.cast(_allocator, ctypes.c_void_p).value
    )
    _CALLBACKS["free_cbk"] = ffi.cast(
        "void (*)(uint8_t *, size_t)", ctypes.cast(_releaser, ctypes.c_void_p).value
    )


class Hasher(PasswordHasher):
    """Argon2id at the library's defaults (RFC 9106, low-memory profile), in kept memory."""

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        """The hash to store; raises `HashingError` where the system has no memory."""
        salt = salt or os.urandom(COSTS.salt_len)
        costs = f"m={COSTS.memory_cost},t={COSTS.time_cost},p={COSTS.parallelism}"
        made = _text(salt), _text(_hashed(password, salt))
        return "$".join(("", "argon2id", f"v={COSTS.version}", costs, *made))

    def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
        """Raises `VerifyMismatchError`, or `InvalidHashError` where what is stored is no hash."""
        if isinstance(stored, bytes) or extract_parameters(stored) != COSTS:
            return super().verify(stored, password)
        *_, salt, hashed = stored.split("$")
        if not compare_digest(_hashed(password, _bytes(salt)), _bytes(hashed)):
            raise VerifyMismatchError
        return True


def _hashed(password: str | bytes, salt: bytes) -> bytes:
    secret = password.encode() if isinstance(password, str) else password
    # CFFI frees what no name holds, and C reads all of these.
    out = ffi.new("uint8_t[]", COSTS.hash_len)
    given, salted = ffi.new("uint8_t[]", secret), ffi.new("uint8_t[]", salt)
    fields = {
        "out": out,
        "outlen": COSTS.hash_len,
        "pwd": given,
        "pwdlen": len(secret),
        "salt": salted,
        "saltlen": len(salt),
        "t_cost": COSTS.time_cost,
        "m_cost": COSTS.memory_cost,
        "lanes": COSTS.parallelism,
        "threads": COSTS.parallelism,
        "version": COSTS.version,
    }
    done = core(ffi.new("argon2_context *", fields | _CALLBACKS), COSTS.type.value)
    if done != OK:
        if (left := _used.pop(get_ident(), None)) is not None:  # Argon2 leaves it as it is then
            left.close()
        raise HashingError(error_to_str(done))
    return bytes(ffi.buffer(out))


def _text(raw: bytes) -> str:
    # Base64 without its padding, as Argon2's reference writes it.
    return b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise InvalidHashError from None
