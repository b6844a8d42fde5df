"""Deleting archived files of POCs for good: an archived file keeps its room, for it can be
restored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, delete, select

from models import FileChunk, Resource, ResourceFile
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.core.errors import NotFoundError
from services.core.looking import looks_first
from services.workspace.actions import ResourceAction
from services.workspace.events import FileDeleted
from services.workspace.rights import get_poc, get_poc_to_change

MOST = 100
"""How many files are told, the largest first."""


@dataclass(frozen=True)
class ArchivedFile:
    """A file that is archived, and how many bytes it takes."""

    id: UUID
    title: str
    size: int
    at: datetime


async def list_archived_files(principal: Principal, poc_id: UUID) -> Sequence[ArchivedFile]:
    """The archived files of a POC, the largest first."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        found = await view.tx.exec(
            select(Resource.id, Resource.title, ResourceFile.size, Resource.archived_at)
            .join(ResourceFile, col(ResourceFile.resource_id) == Resource.id)
            .where(Resource.poc_id == poc.id, col(Resource.archived_at).is_not(None))
            .order_by(col(ResourceFile.size).desc(), col(Resource.id))
            .limit(MOST)
        )
        return [ArchivedFile(*row) for row in found]


@looks_first
async def delete_file(principal: Principal, resource_id: UUID) -> int:
    """Delete an archived file of a POC, which nobody can restore after that; returns how many bytes
    that frees: none, if it was restored or deleted meanwhile.

    It is one file in a transaction, so that nobody who writes waits for the removal of many.
    """
    async with acting(principal, Permission.COMMENT) as act:
        resource = await act.tx.get(Resource, resource_id)
        if resource is None:
            return 0
        if resource.tenant_id != act.tenant_id or resource.poc_id is None:
            raise NotFoundError("This file doesn't exist.")
        poc = await get_poc_to_change(act, resource.poc_id)
        await act.tx.refresh(resource)  # it may have changed before its POC was locked
        file = await act.tx.get(ResourceFile, resource_id)
        if file is None or resource.archived_at is None:
            return 0
        title, size, sha256 = resource.title, file.size, file.sha256
        await act.tx.exec(delete(FileChunk).where(col(FileChunk.resource_id) == file.resource_id))
        await act.tx.delete(file)
        await act.tx.delete(resource)
        await act.record(ResourceAction.DELETED, poc, resource=title, size=size, sha256=sha256)
        act.publish(FileDeleted(tenant_id=poc.tenant_id, poc_id=poc.id))
        return size
