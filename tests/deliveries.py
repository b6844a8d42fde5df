"""Delivers mails one at a time, and waits for the end of each."""

from services.mail import delivery, queue


async def deliver_next() -> bool:
    """Deliver the mail that is next; tells whether there was one."""
    lease = await queue.take()
    if lease is None:
        return False
    await delivery._deliver(lease)
    return True
