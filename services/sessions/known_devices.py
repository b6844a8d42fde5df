"""Known devices: whoever guesses a password slows down other guessers, never its owner.

A browser that has signed in as a user keeps a cookie, and its failures are counted apart from
everybody else's (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").

A token belongs to one user and one browser, and is always ours: whatever else a browser brings
(what somebody has planted there, or another user's token) is never made theirs. A browser that
several people use keeps a token for each of them, in one cookie.

A user's browsers are strangers again after a reset of the password or of the second factor, and
once they are signed out everywhere: whoever did that trusts none of them.
"""

from datetime import timedelta

from sqlmodel import col, delete, select

from models import KnownDevice, User
from services.core import clock
from services.core.db import Transaction
from services.core.secrets import new_token, token_hash

# A browser that wasn't used for so long is a stranger again.
FORGET = timedelta(days=365)
# Characters of a token that we made (256 bits in Base64); any other is somebody's own invention.
TOKEN_LENGTH = 43
# How many people's tokens one browser keeps; of more, those who signed in longest ago are
# strangers there again.
MOST_PEOPLE = 8
# Between tokens in the cookie; no token has one in it.
SEPARATOR = "."


async def find(tx: Transaction, user: User | None, cookie: str) -> str:
    """The token by which the user knows the browser that brings this cookie; empty for none."""
    hashes = {token_hash(token): token for token in _tokens(cookie)}
    if user is None or not hashes:
        return ""
    found = await tx.exec(
        select(KnownDevice.token_hash)
        .where(
            KnownDevice.user_id == user.id,
            col(KnownDevice.token_hash).in_(hashes),
            col(KnownDevice.last_used_at) > clock.now() - FORGET,
        )
        .order_by(col(KnownDevice.last_used_at).desc())
    )
    known = found.first()
    return hashes[known] if known is not None else ""


async def remember(tx: Transaction, user: User, cookie: str) -> str:
    """Know this browser from now on; returns what its cookie has to be, the latest user's token
    first."""
    now = clock.now()
    token = await find(tx, user, cookie)
    if token:
        device = await tx.get_one(KnownDevice, (user.id, token_hash(token)))
        device.last_used_at = now
    else:
        token = new_token()
        tx.add(KnownDevice(user_id=user.id, token_hash=token_hash(token), last_used_at=now))
    others = [other for other in _tokens(cookie) if other != token]
    return SEPARATOR.join([token, *others][:MOST_PEOPLE])


async def knows_any(tx: Transaction, user: User) -> bool:
    """Whether the user is known in any browser."""
    found = await tx.exec(
        select(KnownDevice.user_id).where(KnownDevice.user_id == user.id).limit(1)
    )
    return found.first() is not None


async def forget(tx: Transaction, user: User) -> None:
    """All the user's browsers are strangers again. The caller has logged why: rows of the log
    are locked before those of devices."""
    await tx.exec(delete(KnownDevice).where(col(KnownDevice.user_id) == user.id))


async def remove_old(tx: Transaction) -> None:
    """Remove the browsers that are strangers again."""
    before = clock.now() - FORGET
    await tx.exec(delete(KnownDevice).where(col(KnownDevice.last_used_at) < before))


def _tokens(cookie: str) -> list[str]:
    """The tokens in a cookie, as far as they could be ours."""
    # A browser of ours never brings more; whoever sends a longer cookie has made it up.
    given = cookie.split(SEPARATOR, MOST_PEOPLE)[:MOST_PEOPLE]
    return list(dict.fromkeys(token for token in given if len(token) == TOKEN_LENGTH))
