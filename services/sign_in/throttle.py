"""Slows guessing down: growing pauses per account and per ip, never a lockout.

Each purpose has its own counter for each user, and a success clears only the counter of its
purpose: a right password doesn't excuse guessed codes.

Counted in the database, so that every replica counts the same and a restart forgets nothing. An
attempt counts as a failure before it is made, and no more once it has succeeded: so of many at the
same moment, no more are made than one after the other.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, delete, select, update

from models import AttemptCounter
from services.core import clock, runtime
from services.core.db import Transaction, insert_if_missing, transaction
from services.core.errors import TooManyAttemptsError
from services.core.looking import looks_first
from services.core.networks import network_of
from services.core.secrets import derive, token_hash

# So many failures are free: people mistype. An office may share one ip, and a file of people
# to invite may well have some whom another organisation has.
FREE_FAILURES = {"account": 5, "ip": 30, "device": 10, "person": 5, "elsewhere": 20}


class Purpose(StrEnum):
    """What is tried for one user, and so counted apart."""

    PASSWORD = "password"  # noqa: S105 - a purpose's name
    """The password of a sign-in, from a browser that the user has signed in from before."""
    APP_CODE = "app-code"
    """An app's code, or (below) another second step, after a right password."""
    RECOVERY_CODE = "recovery-code"
    PASSKEY = "passkey"
    CONFIRMATION = "confirmation"
    """The password, before a sensitive act."""
    PASSWORD_CHANGE = "password-change"  # noqa: S105 - a purpose's name
    """The current password, before a new one."""
    SCREEN_CODE = "screen-code"
    """The code that a screen shows."""
    EMAIL_ELSEWHERE = "email-elsewhere"
    """Whether another organisation has an email (`emails_elsewhere`)."""


# Then each failure doubles the pause, from this...
FIRST_PAUSE = timedelta(seconds=2)
# ...up to this, so that the owner of a guessed account never waits longer.
LONGEST_PAUSE = timedelta(minutes=5)
# Failures are forgotten after so long without another.
FORGET = timedelta(hours=1)


def keys(account: str, ip: str, purpose: str = "address") -> dict[str, str]:
    """The counters that an attempt falls under. Accounts are kept as a keyed hash, not in clear."""
    hashed = derive(runtime.current().secret, "throttle", account.encode()).hex()[:48]
    return {"account": f"account:{hashed}"} | ip_key(ip, purpose)


def ip_key(ip: str, purpose: str = "address") -> dict[str, str]:
    """The counter of what is tried from one ip; sign-ins by password share one."""
    return {"ip": f"{purpose}:{network_of(ip)}"}


def person_key(purpose: Purpose, user_id: UUID, device: str = "") -> dict[str, str]:
    """The counter of tries for one user by somebody who has passed a first check already.

    `device` is the token by which the user knows the browser, where they do (`known_devices.find`):
    only its own failures slow it down, and nobody else's.
    """
    # 96 bits of the hash, for keys of 80 characters at most.
    browser = f":{token_hash(device).hex()[:24]}" if device else ""
    kinds = {Purpose.PASSWORD: "device", Purpose.EMAIL_ELSEWHERE: "elsewhere"}
    return {kinds.get(purpose, "person"): f"{purpose}:{user_id}{browser}"}


# Built once: every sign-in asks it.
_COUNTERS = select(AttemptCounter).where(
    col(AttemptCounter.key).in_(bindparam("keys", expanding=True))
)


async def check(tx: Transaction, counters: dict[str, str]) -> None:
    """Raise `TooManyAttemptsError` while a pause lasts."""
    rows = await tx.exec(_COUNTERS, params={"keys": list(counters.values())})
    _refuse_during_pause(rows.all())


@looks_first
async def claim(counters: dict[str, str]) -> None:
    """Count an attempt that is about to be made; raises `TooManyAttemptsError` during a pause."""
    async with transaction(patient=True) as tx:
        await claim_in(tx, counters)


async def claim_in(tx: Transaction, counters: dict[str, str]) -> None:
    """The same, in this transaction."""
    await _count(tx, counters, refuse=True)


async def count_failure(tx: Transaction, counters: dict[str, str]) -> None:
    """Count a failure of what can't be guessed, and so needn't be claimed before."""
    await _count(tx, counters)


async def forget(tx: Transaction, counters: dict[str, str]) -> None:
    """A success: the account's failures are forgotten.

    Those of the ip stay, but for this attempt: else a guesser could clear them by signing in to an
    account of their own.
    """
    now = clock.now()
    own = [key for kind, key in counters.items() if kind != "ip"]
    of_ip = col(AttemptCounter.key) == counters.get("ip")
    failures = col(AttemptCounter.failures)
    forgotten = await tx.exec(
        delete(AttemptCounter).where(col(AttemptCounter.key).in_(own) | (of_ip & (failures <= 1)))
    )
    if forgotten.rowcount < len(counters):
        # The pause that this takes back is the one that this very attempt would have earned.
        await tx.exec(
            update(AttemptCounter).where(of_ip).values(failures=failures - 1, blocked_until=now)
        )


async def remove_old(tx: Transaction) -> None:
    """Remove what is too old to count."""
    before = clock.now() - FORGET
    old = select(AttemptCounter.key).where(col(AttemptCounter.last_failure_at) < before)
    # Whatever somebody else is counting at this moment is left to them.
    unused = old.with_for_update(skip_locked=True, key_share=True)
    await tx.exec(delete(AttemptCounter).where(col(AttemptCounter.key).in_(unused)))


def _refuse_during_pause(counters: Sequence[AttemptCounter]) -> None:
    now = clock.now()
    # Where more is left than any pause has, the clock has stepped back since (or another replica's
    # is ahead, but not by that much).
    longest = now + LONGEST_PAUSE + clock.APART
    pauses = [c.blocked_until for c in counters if c.blocked_until <= longest]
    until = max(pauses, default=now)
    if until > now:
        raise TooManyAttemptsError(int((until - now).total_seconds()) + 1)


async def _count(tx: Transaction, counters: dict[str, str], *, refuse: bool = False) -> None:
    """Count a failure, with the counters' rows locked in the order of their keys; `refuse` raises
    `TooManyAttemptsError` during a pause."""
    kinds = {key: kind for kind, key in counters.items()}
    while kinds:
        rows = await tx.exec(
            select(AttemptCounter)
            .where(col(AttemptCounter.key).in_(kinds))
            .order_by(col(AttemptCounter.key))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        found = rows.all()
        if refuse:
            _refuse_during_pause(found)
        for counter in found:
            _add_failure(counter, FREE_FAILURES[kinds.pop(counter.key)])
        # Another attempt may create the others at this moment, or a success forget them.
        now = clock.now()
        for key in sorted(kinds):
            first = AttemptCounter(key=key, failures=1, last_failure_at=now, blocked_until=now)
            if await insert_if_missing(tx, first):
                del kinds[key]


def _add_failure(counter: AttemptCounter, free: int) -> None:
    now = clock.now()
    if now - counter.last_failure_at > FORGET:
        counter.failures = 0
    counter.failures += 1
    counter.last_failure_at = now
    excess = counter.failures - free
    if excess > 0:
        counter.blocked_until = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(excess - 1, 16))
