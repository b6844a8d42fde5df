"""Files that are shared with a customer's people: read, and cut off when their access ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from models import Resource, ResourceFile
from services.access.outsiders import CustomerActor
from services.access.permissions import Permission
from services.audit.acting import View, viewing
from services.core.errors import NotFoundError
from services.database.transaction import Transaction
from services.workspace import files
from services.workspace.customers.shared import get_shown
from services.workspace.files import OpenFile

NOT_THERE = "This file doesn't exist, or isn't shared any more. Ask your contact."


async def open_file(customer: CustomerActor, resource_id: UUID) -> OpenFile:
    """A file of a POC that the person is shown, if it is shared.

    Raises `NotFoundError` for every other file. Reading the pieces raises the same if something has
    changed meanwhile.
    """

    @asynccontextmanager
    async def look() -> AsyncIterator[tuple[Transaction, ResourceFile]]:
        async with viewing(customer, Permission.VIEW_SHARED_POC) as view:
            yield view.tx, await _find(view, customer, resource_id)

    return await files.open_by(look)


async def _find(view: View, customer: CustomerActor, resource_id: UUID) -> ResourceFile:
    resource = await view.tx.get(Resource, resource_id)
    file = await view.tx.get(ResourceFile, resource_id)
    if resource is None or file is None or resource.poc_id is None:
        raise NotFoundError(NOT_THERE)
    if not resource.shared or resource.archived_at is not None:
        raise NotFoundError(NOT_THERE)
    try:
        await get_shown(view, customer, resource.poc_id)
    except NotFoundError as error:
        raise NotFoundError(NOT_THERE) from error
    return file
