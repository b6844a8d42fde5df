"""Slows guessing down: growing pauses per account and per ip, never a lockout.

Each purpose has its own counter for each user, and a success clears only the counter of its
purpose: a right password doesn't excuse guessed codes. The counters are in the database, so that
all replicas share them and a restart forgets nothing. An attempt counts as a failure before it is
made, and no longer once it has succeeded: so attempts that are made all at once gain nothing over
attempts that are made one after the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, delete, select, update

from models import AttemptCounter
from services.core import clock
from services.core.errors import TooManyAttemptsError
from services.core.networks import network_of
from services.core.secrets import derive, token_hash
from services.database import runtime
from services.database.looking import looks_first
from services.database.prepared import Prepared
from services.database.transaction import Transaction, insert_if_missing, transaction

# This many failures are free, because people mistype. Many people of an office may share one ip,
# and a file of people to invite may contain some whom another organisation has.
FREE_FAILURES = {"account": 5, "ip": 30, "device": 10, "person": 5, "elsewhere": 20}


class Purpose(StrEnum):
    """What is tried for one user, and is counted separately."""

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


class FromIp(StrEnum):
    """What is tried from one ip, and is counted separately. (Stored counters call an ip an
    address.)"""

    PASSWORD = "address"  # noqa: S105 - a counter's name
    RESET = "reset-address"
    PASSKEY = "passkey-address"
    CUSTOMER_LINK = "customer-address"
    SSO = "sso-address"


# After that, each failure doubles the pause, from this...
FIRST_PAUSE = timedelta(seconds=2)
# ...up to this, so that the owner of a guessed account never waits longer.
LONGEST_PAUSE = timedelta(minutes=5)
# Failures are forgotten after this long without another one.
FORGET = timedelta(hours=1)


def keys(account: str, ip: str, tried: FromIp = FromIp.PASSWORD) -> dict[str, str]:
    """The counters for an attempt. Accounts are stored as a keyed hash and not in clear text."""
    hashed = derive(runtime.current().secret, "throttle", account.encode()).hex()[:48]
    return {"account": f"account:{hashed}"} | ip_key(ip, tried)


def ip_key(ip: str, tried: FromIp) -> dict[str, str]:
    """The counter of what is tried from one ip."""
    return {"ip": f"{tried}:{network_of(ip)}"}


def person_key(purpose: Purpose, user_id: UUID, device: str = "") -> dict[str, str]:
    """The counter for tries on one user by somebody who has passed a first check already.

    `device` is the token by which the user knows the browser, if they do (`known_devices.find`):
    then only failures in this browser slow it down.
    """
    # 96 bits of the hash, for keys of 80 characters at most.
    browser = f":{token_hash(device).hex()[:24]}" if device else ""
    kinds = {Purpose.PASSWORD: "device", Purpose.EMAIL_ELSEWHERE: "elsewhere"}
    return {kinds.get(purpose, "person"): f"{purpose}:{user_id}{browser}"}


# Built once: every sign-in uses it.
_PAUSES = Prepared(
    select(AttemptCounter.blocked_until).where(
        col(AttemptCounter.key).in_(bindparam("keys", expanding=True))
    ),
    sees_changes=True,
)
_COUNTED = (
    select(AttemptCounter)
    .where(col(AttemptCounter.key).in_(bindparam("keys", expanding=True)))
    .order_by(col(AttemptCounter.key))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


async def check(tx: Transaction, counters: dict[str, str]) -> None:
    """Raise `TooManyAttemptsError` while a pause lasts."""
    _refuse_during_pause(await _PAUSES.rows(tx, keys=list(counters.values())))


@looks_first
async def claim(counters: dict[str, str]) -> None:
    """Count an attempt that is about to be made; raises `TooManyAttemptsError` during a pause."""
    async with transaction(patient=True) as tx:
        await claim_in(tx, counters)


async def claim_in(tx: Transaction, counters: dict[str, str]) -> None:
    """The same, in this transaction."""
    await _count(tx, counters, refuse=True)


async def count_failure(tx: Transaction, counters: dict[str, str]) -> None:
    """Count a failure of something that can't be guessed, and so wasn't counted before."""
    await _count(tx, counters)


async def forget(tx: Transaction, counters: dict[str, str]) -> None:
    """A success: the account's failures are forgotten.

    Those of the ip stay, except this attempt: otherwise a guesser could clear them by signing in to
    an account of their own.
    """
    now = clock.now()
    own = [key for kind, key in counters.items() if kind != "ip"]
    of_ip = col(AttemptCounter.key) == counters.get("ip")
    failures = col(AttemptCounter.failures)
    forgotten = await tx.exec(
        delete(AttemptCounter).where(col(AttemptCounter.key).in_(own) | (of_ip & (failures <= 1)))
    )
    if forgotten.rowcount < len(counters):
        # The pause that is taken back here is the one that this attempt itself would have caused.
        await tx.exec(
            update(AttemptCounter).where(of_ip).values(failures=failures - 1, blocked_until=now)
        )


async def remove_old(tx: Transaction) -> None:
    """Remove counters that are too old to matter."""
    before = clock.now() - FORGET
    old = select(AttemptCounter.key).where(col(AttemptCounter.last_failure_at) < before)
    # Rows that somebody else is counting in at this moment are left alone.
    unused = old.with_for_update(skip_locked=True, key_share=True)
    await tx.exec(delete(AttemptCounter).where(col(AttemptCounter.key).in_(unused)))


def _refuse_during_pause(blocked_until: Sequence[datetime]) -> None:
    now = clock.now()
    # If more time is left than any pause has, the clock has stepped back since (or another
    # replica's clock is ahead, but not by that much).
    longest = now + LONGEST_PAUSE + clock.APART
    pauses = [until for until in blocked_until if until <= longest]
    until = max(pauses, default=now)
    if until > now:
        raise TooManyAttemptsError(int((until - now).total_seconds()) + 1)


async def _count(tx: Transaction, counters: dict[str, str], *, refuse: bool = False) -> None:
    """Count a failure, with the counters' rows locked in the order of their keys; `refuse` raises
    `TooManyAttemptsError` during a pause."""
    kinds = {key: kind for kind, key in counters.items()}
    while kinds:
        found = (await tx.exec(_COUNTED, params={"keys": list(kinds)})).all()
        if refuse:
            _refuse_during_pause([counter.blocked_until for counter in found])
        for counter in found:
            _add_failure(counter, FREE_FAILURES[kinds.pop(counter.key)])
        # At this moment another attempt may create the other rows, or a success may delete them.
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
