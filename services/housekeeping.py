"""Removes what nobody asks for any more. No call that somebody waits for does it on the way."""

from services import carriers, known_devices, throttle
from services.db import transaction


async def tidy_up() -> None:
    """Remove failures too old to count, browsers that are strangers again, and messages between
    processes that all have read."""
    async with transaction() as tx:
        await throttle.remove_old(tx)
        await known_devices.remove_old(tx)
        await carriers.remove_old(tx)
