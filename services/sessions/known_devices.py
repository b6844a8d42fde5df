"""Known devices: somebody who guesses a password slows down other guessers, but never its owner.

A browser that has signed in as a user keeps a cookie, and its failures are counted apart from all
others (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). A token belongs to one user
and one browser, and is always made by us: anything else that a browser brings (a token that
somebody has planted there, or another user's) is never made theirs. A browser that several people
use keeps a token for each of them, in one cookie.

All of a user's browsers become strangers again after a reset of the password or of the second
factor, and when the user is signed out everywhere: whoever did that trusts none of them.
"""

from datetime import timedelta

from sqlmodel import col, delete, select

from models import KnownDevice, User
from services.core import clock
from services.core.secrets import new_token, token_hash
from services.database.transaction import Transaction

# A browser that wasn't used for this long is a stranger again.
FORGET = timedelta(days=365)
# How many characters a token of ours has (256 bits in Base64); anything else wasn't made by us.
TOKEN_LENGTH = 43
# How many people's tokens one browser keeps. If there are more, those who signed in longest ago are
# strangers there again.
MOST_PEOPLE = 8
# Separates the tokens in the cookie; no token contains it.
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
    """Know this browser from now on; returns the new value of its cookie, with the latest user's
    token first."""
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
    """Make all the user's browsers strangers again.

    The caller has already logged why: rows of the log are locked before those of devices.
    """
    await tx.exec(delete(KnownDevice).where(col(KnownDevice.user_id) == user.id))


async def remove_old(tx: Transaction) -> None:
    """Remove the browsers that are strangers again."""
    before = clock.now() - FORGET
    await tx.exec(delete(KnownDevice).where(col(KnownDevice.last_used_at) < before))


def _tokens(cookie: str) -> list[str]:
    """The tokens in a cookie that could be ours."""
    # A browser never brings more tokens of ours; a longer cookie was made up.
    given = cookie.split(SEPARATOR, MOST_PEOPLE)[:MOST_PEOPLE]
    return list(dict.fromkeys(token for token in given if len(token) == TOKEN_LENGTH))
