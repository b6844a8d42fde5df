"""Deleting archived files of POCs and templates for good: an archived file keeps its room, for it
can be restored.

It is one file in a transaction, so that nobody who writes waits for the removal of many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlmodel import col, delete, select

from models import FileChunk, GroupTemplate, GroupTemplateTask, Resource, ResourceFile
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, acting, viewing
from services.core.errors import NotFoundError
from services.database.looking import looks_first
from services.database.transaction import LOCKED
from services.workspace.actions import ResourceAction
from services.workspace.events import FileDeleted
from services.workspace.resource_owners import Belongs, OwnerIds, template_of
from services.workspace.resources import get_of_poc, tell_changed
from services.workspace.rights import get_poc

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
        return await _archived(view, _of_poc(poc.id))


async def list_archived_files_of_group(
    principal: Principal, group_id: UUID
) -> Sequence[ArchivedFile]:
    """The same of a group template, and of the task templates that stand in it."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        group = await view.get(GroupTemplate, group_id)
        return await _archived(view, _of_group(group.id))


def some_archived_file(poc_id: UUID) -> ColumnElement[bool]:
    """Whether a POC has an archived file."""
    return _some(_of_poc(poc_id))


def some_archived_file_of_group(group_id: UUID) -> ColumnElement[bool]:
    """The same of a group template, and of the task templates that stand in it."""
    return _some(_of_group(group_id))


def _of_poc(poc_id: UUID) -> ColumnElement[bool]:
    return col(Resource.poc_id) == poc_id


def _of_group(group_id: UUID) -> ColumnElement[bool]:
    tasks = select(GroupTemplateTask.task_id).where(GroupTemplateTask.group_id == group_id)
    own = col(Resource.group_template_id) == group_id
    return own | col(Resource.task_template_id).in_(tasks)


def _some(which: ColumnElement[bool]) -> ColumnElement[bool]:
    has_file = col(ResourceFile.resource_id) == col(Resource.id)
    return exists().where(which, has_file, col(Resource.archived_at).is_not(None))


async def _archived(view: View, which: ColumnElement[bool]) -> Sequence[ArchivedFile]:
    found = await view.tx.exec(
        select(Resource.id, Resource.title, ResourceFile.size, Resource.archived_at)
        .join(ResourceFile, col(ResourceFile.resource_id) == Resource.id)
        .where(which, col(Resource.archived_at).is_not(None))
        .order_by(col(ResourceFile.size).desc(), col(Resource.id))
        .limit(MOST)
    )
    return [ArchivedFile(*row) for row in found]


@looks_first
async def delete_file(principal: Principal, resource_id: UUID) -> int:
    """Delete an archived file of a POC, which nobody can restore after that; returns how many bytes
    that frees: none, if it was restored meanwhile. Raises `NotFoundError`, also if it is deleted
    already."""
    async with acting(principal, Permission.COMMENT) as act:
        poc, resource = await get_of_poc(act, resource_id)
        freed = await _delete(act, poc, resource)
        if freed:
            act.publish(FileDeleted(tenant_id=poc.tenant_id, poc_id=poc.id))
        return freed


@looks_first
async def delete_file_of_template(principal: Principal, resource_id: UUID) -> int:
    """The same for an archived file of a template. POCs keep the copies that they have."""
    async with acting(principal, Permission.ADD_TEMPLATE_RESOURCES) as act:
        resource = await act.get(Resource, resource_id, lock=True)
        if resource.poc_id is not None:
            raise NotFoundError("This resource doesn't exist.")
        owner_ids = OwnerIds(resource.task_template_id, resource.group_template_id)
        template = await template_of(act, owner_ids, lock=True)
        freed = await _delete(act, template, resource)
        if freed:
            tell_changed(act, resource)
        return freed


async def _delete(act: Act, owner: Belongs, resource: Resource) -> int:
    file = await act.tx.get(ResourceFile, resource.id, **LOCKED)  # before the end of the log
    if file is None or resource.archived_at is None:
        return 0
    title, size, sha256 = resource.title, file.size, file.sha256
    await act.tx.exec(delete(FileChunk).where(col(FileChunk.resource_id) == file.resource_id))
    await act.tx.delete(file)
    await act.tx.delete(resource)
    await act.record(ResourceAction.DELETED, owner, resource=title, size=size, sha256=sha256)
    return size
