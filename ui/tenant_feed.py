"""Tells the open lists of organisations how many users one has. (They hear of other changes of
their rows from `ui.tables.feed`.)"""

import asyncio
import time
from collections.abc import Awaitable
from functools import partial
from uuid import UUID

from services.access.events import UserEvent
from services.core.bus import Bus
from services.database import runtime
from services.lists.slices import find_row
from services.sessions.events import UserSignedIn
from services.tenants.list import TENANTS
from services.users.events import UserActivated, UserDeactivated, UserInvited, UsersInvited
from ui import live
from ui.tables.feed import list_room, tell_row

# For this long, users who come and go are counted together.
COUNT_SECONDS = 0.25


class _Counting(set[UUID]):
    """The organisations whose users are about to be counted."""


def subscribe(bus: Bus) -> None:
    """Have the bus tell the open pages."""
    for user_event in (UserInvited, UserActivated, UserDeactivated):
        bus.subscribe(user_event, _count_users)
    bus.subscribe(UsersInvited, _count_users)
    bus.subscribe(UserSignedIn, _count_newcomer)


def _count_newcomer(event: UserSignedIn) -> Awaitable[None] | None:
    """Whoever signs in for the first time was invited until now, and is active."""
    return _count_users(event) if event.first else None


def _count_users(event: UserEvent | UsersInvited) -> Awaitable[None] | None:
    tenant_id, counting = event.tenant_id, runtime.current().part(_Counting)
    watched = live.is_watched(list_room(TENANTS.noun, None))
    if tenant_id is None or tenant_id in counting or not watched:
        return None
    counting.add(tenant_id)
    return _tell_count(tenant_id, counting)


async def _tell_count(tenant_id: UUID, counting: _Counting) -> None:
    try:
        await asyncio.sleep(COUNT_SECONDS)
    finally:
        counting.discard(tenant_id)  # users who come from now on are counted in the next round
    await tell_row(TENANTS, None, partial(find_row, TENANTS, tenant_id), {}, time.perf_counter())
