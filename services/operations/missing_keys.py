"""Key files that were there, and are missing from the data folder."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlmodel import col, exists, select

from models import AuditEvent, AuditHead
from services.access import one_time_links
from services.audit.actions import LogAction
from services.audit.signature import SIGNING_KEY_FILE
from services.database import runtime
from services.database.transaction import reading
from services.reviews.actions import ReviewAction

Beside = Callable[[Callable[[], bool]], Awaitable[bool]]
log = logging.getLogger(__name__)

# What is signed with the key of the audit log: its own exports, and those of reviews.
SIGNED = (LogAction.EXPORTED.value, ReviewAction.EXPORTED.value)
WITHOUT_SIGNING_KEY = (
    "The next export makes a new one: what is exported from then on doesn't agree with the public "
    "key that was fetched before. Put it back from a backup, or have everybody who checks exports "
    "keep the old /audit-key.pem for the old ones, and fetch the new one."
)


async def lacks_signing_key(beside: Beside = asyncio.to_thread) -> bool:
    """Whether something was signed, and the key for that is missing. It is looked for `beside` the
    event loop. Raises `DatabaseUnavailableError`."""
    settings = runtime.current().settings
    if settings.secret is not None or await beside((settings.data_dir / SIGNING_KEY_FILE).exists):
        return False
    signed = exists().where(
        col(AuditEvent.chain_id) == col(AuditHead.chain_id), col(AuditEvent.action).in_(SIGNED)
    )
    async with reading() as tx:
        found = await tx.exec(select(AuditHead.chain_id).where(signed).limit(1))
        return found.first() is not None


async def has_another_secret() -> bool:
    """Whether the signing secret was made anew while links are alive. Raises
    `DatabaseUnavailableError`."""
    async with reading() as tx:
        return await one_time_links.is_secret_another(tx)


async def tell() -> None:
    """Say at the start what is missing. (`started` says it of the signing secret.)"""
    if await lacks_signing_key():
        folder = runtime.current().settings.data_dir
        log.warning("%s is missing from %s. %s", SIGNING_KEY_FILE, folder, WITHOUT_SIGNING_KEY)
