"""How many people wait for a decision, beside "Review": every page under Users shows it, and it
changes by decisions alone, so it is read once for all pages until one is made."""

from uuid import UUID

from services.access.actor import Actor
from services.core.bus import Bus
from services.database import runtime
from services.database.transport import Listening
from services.reviews import waiting
from services.reviews.events import ReviewChanged


class _Known(dict[UUID | None, int]):
    """The counts that are known, by the organisation."""

    changes = 0
    """How often a count was dropped: a count that was read before that isn't kept."""


def subscribe(bus: Bus) -> None:
    """Have the bus tell when a count changes."""
    bus.subscribe(ReviewChanged, _forget)
    bus.subscribe(Listening, _forget_all)


async def count(actor: Actor) -> int:
    """The count of the organisation in which the actor works, whose page was just let in."""
    known = runtime.current().part(_Known)
    if actor.tenant_id not in known:
        before = known.changes
        found = await waiting.count_undecided(actor)
        if known.changes != before:
            return found
        known[actor.tenant_id] = found
    return known[actor.tenant_id]


async def _forget(event: ReviewChanged) -> None:
    known = runtime.current().part(_Known)
    known.changes += 1
    known.pop(event.tenant_id, None)


async def _forget_all(_event: Listening) -> None:
    known = runtime.current().part(_Known)
    known.changes += 1
    known.clear()
