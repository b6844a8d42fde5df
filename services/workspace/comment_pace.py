"""How fast one person may comment: faster than anybody writes, and too slow to fill a disk or
everybody's pages."""

from datetime import timedelta

from sqlmodel import col, func, select

from models import Comment
from models.base import first_id
from services.access.actor import Principal
from services.access.outsiders import CustomerActor
from services.core import clock
from services.core.errors import ConflictError
from services.database.transaction import Transaction

MOST, WITHIN = 30, timedelta(minutes=1)
"""How many comments one person may post within this time: one each two seconds. (A page lets some
50 acts a second through, and a comment may have 10,000 characters: 40 GB a day without this.)"""


async def require_comment_pace(tx: Transaction, author: Principal) -> None:
    """Refuse one more comment of somebody who has just posted very many; raises `ConflictError`."""
    by = col(Comment.author_id) == author.user_id
    if isinstance(author, CustomerActor):
        by = col(Comment.customer_id) == author.customer_id
    lately = col(Comment.id) > first_id(clock.now() - WITHIN)
    counted = await tx.exec(select(func.count()).select_from(Comment).where(lately, by))
    if counted.one() >= MOST:
        raise ConflictError(
            f"You have posted {MOST} comments within a minute. Wait a little, then post it."
        )
