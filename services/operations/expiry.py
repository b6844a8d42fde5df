"""Writes down what has expired, so that it stays expired: if a clock ran ahead and is put right,
sessions and links would otherwise live again."""

from sqlmodel import col, or_, select, update

from models import EndReason, LoginSession, OneTimeLink
from services.core import clock
from services.database.transaction import reading, transaction


async def settle() -> None:
    """End the sessions and void the links whose time is over.

    (They don't work any more anyway, and open pages are closed by comparing them with the
    database.)
    """
    now = clock.now()
    sessions = select(LoginSession.id).where(
        col(LoginSession.ended_at).is_(None), col(LoginSession.expires_at) <= now
    )
    links = select(OneTimeLink.id).where(
        col(OneTimeLink.used_at).is_(None),
        col(OneTimeLink.void_at).is_(None),
        col(OneTimeLink.expires_at) <= now,
    )
    async with reading() as tx:  # mostly there is nothing to do, and no write lock to take
        some = or_(sessions.exists(), links.exists())
        if not (await tx.exec(select(some))).one():
            return
    async with transaction(urgent=True) as tx:
        # Rows that somebody else is changing at this moment are left for the next time.
        await tx.exec(
            update(LoginSession)
            .where(
                col(LoginSession.id).in_(sessions.with_for_update(skip_locked=True, key_share=True))
            )
            .values(ended_at=now, end_reason=EndReason.EXPIRED)
        )
        await tx.exec(
            update(OneTimeLink)
            .where(col(OneTimeLink.id).in_(links.with_for_update(skip_locked=True, key_share=True)))
            .values(void_at=now)
        )
