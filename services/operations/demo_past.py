"""The past of the demo's users: when they signed in, and the links of those who are invited."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from models import EndReason, LinkPurpose, LoginSession, User
from services.access import one_time_links
from services.core import clock
from services.core.secrets import new_token, token_hash
from services.database.transaction import Transaction

DAYS = 14
SATURDAY = 5
OFTEN = 0.4  # of the days
DEVICES = ("Firefox on Linux", "Chrome on Windows", "Safari on macOS", "Chrome on Android")


def add_past(tx: Transaction, users: Sequence[User]) -> None:
    """Add the sessions of the last two weeks, all of them ended, and the invitations' links."""
    chance = random.Random(14)  # noqa: S311 - the demo is the same each time; nothing is secret
    for user in users:
        if user.invited:
            _add_link(tx, user)
        for at in _sign_ins(user, chance):
            _add_session(tx, user, at, chance.choice(DEVICES))


def _add_link(tx: Transaction, user: User) -> None:
    link = one_time_links.issue(tx, LinkPurpose.INVITATION, user.id)
    lasts = link.expires_at - link.created_at
    link.created_at, link.expires_at = user.created_at, user.created_at + lasts


def _sign_ins(user: User, chance: random.Random) -> Iterator[datetime]:
    """The last one, and some on the working days before it."""
    if user.last_sign_in_at is None or user.first_sign_in_at is None:
        return
    since = max(user.first_sign_in_at, clock.now() - timedelta(days=DAYS))
    for ago in range(DAYS):
        at = user.last_sign_in_at - timedelta(days=ago, minutes=ago * chance.randint(0, 30))
        if at > since and (ago == 0 or (at.weekday() < SATURDAY and chance.random() < OFTEN)):
            yield at


def _add_session(tx: Transaction, user: User, at: datetime, device: str) -> None:
    ended = min(at + timedelta(hours=8), clock.now())
    tx.add(
        LoginSession(
            user_id=user.id,
            token_hash=token_hash(new_token()),
            created_at=at,
            authenticated_at=at,
            last_seen_at=ended,
            expires_at=ended,
            ended_at=ended,
            end_reason=EndReason.EXPIRED,
            device=device,
        )
    )
