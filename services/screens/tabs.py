"""In which tabs screens are open: noted by the process that serves them, so that Settings can say
when one is open in two tabs, or in none."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, delete, update

from models import LoginSession, ScreenTab
from services.access.actor import ROLLCALL
from services.access.outsiders import SCREEN_LASTS, ScreenActor
from services.core import clock
from services.database.transaction import Transaction, insert_if_missing, transaction
from services.screens.events import ScreenChanged
from services.screens.screens import SILENT

Key = tuple[UUID, str]
"""A screen, and the mark of a tab."""


async def note_open(screen: ScreenActor, tab: str, size: str) -> None:
    """A screen is open in a tab."""
    now = clock.now()
    async with transaction(patient=True) as tx:
        await tx.exec(
            delete(ScreenTab).where(
                col(ScreenTab.screen_id) == screen.screen_id,
                (col(ScreenTab.tab) == tab) | (col(ScreenTab.seen_at) < now - SILENT),
            )
        )
        row = ScreenTab(
            screen_id=screen.screen_id,
            tab=tab,
            ip=screen.ip[:64],
            size=size,
            since=now,
            seen_at=now,
        )
        await insert_if_missing(tx, row)
        _tell(tx, screen)


async def note_gone(screen: ScreenActor, tab: str) -> None:
    """A screen isn't open in a tab any more."""
    async with transaction(patient=True) as tx:
        await tx.exec(
            delete(ScreenTab).where(
                col(ScreenTab.screen_id) == screen.screen_id, col(ScreenTab.tab) == tab
            )
        )
        await _renew(tx, [screen.session_id])
        _tell(tx, screen)


async def note_all(tabs: Collection[Key], session_ids: Collection[UUID]) -> None:
    """All these are still open, so their sessions live on."""
    if not tabs:
        return
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        await tx.exec(
            update(ScreenTab)
            .where(tuple_(col(ScreenTab.screen_id), col(ScreenTab.tab)).in_(list(tabs)))
            .values(seen_at=clock.now())
        )
        await _renew(tx, session_ids)


async def _renew(tx: Transaction, session_ids: Collection[UUID]) -> None:
    now = clock.now()
    await tx.exec(
        update(LoginSession)
        .where(col(LoginSession.id).in_(list(session_ids)), col(LoginSession.ended_at).is_(None))
        .values(last_seen_at=now, expires_at=now + SCREEN_LASTS)
    )


def _tell(tx: Transaction, screen: ScreenActor) -> None:
    tx.publish(ScreenChanged(tenant_id=screen.tenant_id, screen_id=screen.screen_id))
