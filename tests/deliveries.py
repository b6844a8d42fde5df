"""Delivers mails one at a time, and waits for the end of each."""

from services.mail import delivery, queue
from services.mail.queue import Lease


async def deliver_next() -> bool:
    """Deliver the mail that is next; tells whether there was one."""
    lease = await queue.take()
    if lease is None:
        return False
    await deliver(lease)
    return True


async def deliver(lease: Lease) -> None:
    """Deliver this mail, and wait for its end."""
    await delivery._deliver(lease)
