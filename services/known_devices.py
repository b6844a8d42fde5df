"""Known devices: whoever guesses a password slows down other guessers, never its owner.

A browser that has signed in as a user keeps a cookie, and its failures are counted apart from
everybody else's (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from datetime import timedelta

from sqlmodel import col, delete

from models import KnownDevice, User
from services import clock
from services.db import Transaction
from services.secrets import new_token, token_hash

# A browser that wasn't used for so long is a stranger again.
FORGET = timedelta(days=365)
# Characters of a token that we made; a shorter one is somebody's own invention.
TOKEN_LENGTH = 43


async def is_known(tx: Transaction, user: User | None, token: str) -> bool:
    """Whether the user has signed in from the browser with this token before."""
    if user is None or not token:
        return False
    device = await tx.get(KnownDevice, (user.id, token_hash(token)))
    return device is not None and clock.now() - device.last_used_at < FORGET


async def remember(tx: Transaction, user: User, token: str) -> str:
    """Know this browser from now on; returns its token, a new one where it has none."""
    now = clock.now()
    if len(token) >= TOKEN_LENGTH:
        device = await tx.get(KnownDevice, (user.id, token_hash(token)))
        if device is not None:
            device.last_used_at = now
            return token
    else:
        token = new_token()
    tx.add(KnownDevice(user_id=user.id, token_hash=token_hash(token), last_used_at=now))
    return token


async def remove_old(tx: Transaction) -> None:
    """Remove the browsers that are strangers again."""
    before = clock.now() - FORGET
    await tx.exec(delete(KnownDevice).where(col(KnownDevice.last_used_at) < before))
