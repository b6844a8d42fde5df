"""Passwords are hashed by Argon2id as ever, at its least cost: in microseconds."""

import argon2

from services.sign_in import passwords

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
NOBODY = CHEAP.hash("nobody's password")


def hash_cheaply() -> None:
    """Hash so in this process, from now on: for processes that a test starts."""
    passwords._hasher, passwords._NOBODY = CHEAP, NOBODY
