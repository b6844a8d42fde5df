"""Slows guessing down: growing pauses per account and per network address, never a lockout.

Counted in the database, so that every replica counts the same and a restart forgets nothing.
"""

from datetime import timedelta

from sqlmodel import col, delete, select

from models import AttemptCounter
from services import clock, runtime
from services.db import Transaction, insert_if_missing
from services.errors import TooManyAttemptsError
from services.secrets import derive, token_hash

# So many failures are free: people mistype. An office may share one address.
FREE_FAILURES = {"account": 5, "address": 30, "device": 10}
# Then each failure doubles the pause, from this...
FIRST_PAUSE = timedelta(seconds=2)
# ...up to this, so that the owner of a guessed account never waits longer.
LONGEST_PAUSE = timedelta(minutes=5)
# Failures are forgotten after so long without another.
FORGET = timedelta(hours=1)


def keys(account: str, address: str) -> dict[str, str]:
    """The counters that an attempt falls under. Accounts are kept as a keyed hash, not in clear."""
    hashed = derive(runtime.current().secret, "throttle", account.encode()).hex()[:48]
    return {"account": f"account:{hashed}", "address": f"address:{address[:64]}"}


def device_key(device: str) -> dict[str, str]:
    """The counter of an attempt from a browser that the account knows: only its own failures
    slow it down, and nobody else's."""
    return {"device": f"device:{token_hash(device).hex()[:48]}"}


async def check(tx: Transaction, counters: dict[str, str]) -> None:
    """Raise `TooManyAttemptsError` while a pause lasts."""
    now = clock.now()
    rows = await tx.exec(
        select(AttemptCounter).where(col(AttemptCounter.key).in_(counters.values()))
    )
    until = max((row.blocked_until for row in rows), default=now)
    if until > now:
        raise TooManyAttemptsError(int((until - now).total_seconds()) + 1)


async def count_failure(tx: Transaction, counters: dict[str, str]) -> None:
    """Count a failed attempt, and set the pause that it earns."""
    now = clock.now()
    for kind, key in sorted(counters.items()):
        new = AttemptCounter(key=key, last_failure_at=now, blocked_until=now)
        await insert_if_missing(tx, new)
        counter = (
            await tx.exec(
                select(AttemptCounter)
                .where(AttemptCounter.key == key)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        ).one()
        if now - counter.last_failure_at > FORGET:
            counter.failures = 0
        counter.failures += 1
        counter.last_failure_at = now
        excess = counter.failures - FREE_FAILURES[kind]
        if excess > 0:
            counter.blocked_until = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(excess - 1, 16))


async def forget(tx: Transaction, counters: dict[str, str]) -> None:
    """A success: the account's failures are forgotten, and so is whatever is too old to count.

    The address's stay: else a guesser could clear them by signing in to an account of their own.
    """
    own = [key for kind, key in counters.items() if kind != "address"]
    await tx.exec(
        delete(AttemptCounter).where(
            (col(AttemptCounter.key).in_(own))
            | (col(AttemptCounter.last_failure_at) < clock.now() - FORGET)
        )
    )
