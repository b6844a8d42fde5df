"""Files of POCs and templates: resources whose content is in the database, in chunks.

How a file arrives is in `services.workspace.arrivals`. The right to upload is checked before the
first byte, then once a second, and at the commit; the right to download, before each piece.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, literal
from sqlmodel import col, func, insert, select

from models import FileChunk, GroupTemplate, Resource, ResourceFile, ResourceKind
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, acting, viewing
from services.core.errors import ConflictError, NotFoundError
from services.core.file_names import clean_file_name
from services.core.settings import MB
from services.database import runtime
from services.database.looking import looks_first
from services.database.transaction import LOCKED, Transaction
from services.workspace import arrivals
from services.workspace.actions import ResourceAction
from services.workspace.arrivals import Arrived
from services.workspace.resource_owners import Belongs, OwnerIds, owners_of, template_of
from services.workspace.resources import tell_changed
from services.workspace.rights import (
    get_poc,
    get_poc_to_change,
    require_may_change,
    stamp,
)

READ_AT_ONCE = 4
"""How many chunks a download reads in one transaction."""


@dataclass(frozen=True)
class Room:
    """How many bytes the files of a POC have and may have, and how many one file may have; and how
    many those of the organisation have and may have."""

    used: int
    most: int
    most_of_file: int
    used_of_tenant: int
    most_of_tenant: int


@dataclass(frozen=True)
class OpenFile:
    """A file to be read: `pieces` are its content. Reading them may break off with what `open_file`
    raises."""

    name: str
    media_type: str
    size: int
    sha256: str
    pieces: AsyncIterator[bytes]


Look = Callable[[], AbstractAsyncContextManager[tuple[Transaction, ResourceFile]]]
"""Checks whether somebody may read a file right now, and finds it: before each piece."""


async def get_room(principal: Principal, poc_id: UUID) -> Room:
    """How much room there is for files of a POC."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        return await _room(view, _of_poc((await get_poc(view, poc_id)).id))


async def get_room_of_group(principal: Principal, group_template_id: UUID) -> Room:
    """The same for files of a group template."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        group = await view.get(GroupTemplate, group_template_id)
        return await _room(view, _of_template(OwnerIds(group_template_id=group.id)))


async def upload(
    principal: Principal, poc_id: UUID, name: str, pieces: AsyncIterator[bytes]
) -> UUID:
    """Keep a file as a resource of a POC, internal until it is shared; returns the resource's id.

    Raises `InvalidInputError` for a file that is empty or too large, `ConflictError` if the POC has
    no room for it, and `TooMuchAtOnceError` while too many others arrive.
    """

    async def look() -> Room:
        async with viewing(principal, Permission.COMMENT) as view:
            poc = await get_poc(view, poc_id)
            await require_may_change(view, poc)
            return await _room(view, _of_poc(poc.id))

    keep = partial(_keep, principal, poc_id)
    return await _take(principal, name, pieces, look, keep)


async def upload_to_template(
    principal: Principal,
    name: str,
    pieces: AsyncIterator[bytes],
    *,
    group_template_id: UUID | None = None,
    task_template_id: UUID | None = None,
) -> UUID:
    """Keep a file as a resource of a template, which each new POC gets a copy of; returns the
    resource's id. Raises what `upload` raises."""
    owner_ids = OwnerIds(task_template_id, group_template_id)

    async def look() -> Room:
        async with viewing(principal, Permission.ADD_TEMPLATE_RESOURCES) as view:
            await template_of(view, owner_ids)
            return await _room(view, _of_template(owner_ids))

    keep = partial(_keep_in_template, principal, owner_ids)
    return await _take(principal, name, pieces, look, keep)


async def _take(
    principal: Principal,
    name: str,
    pieces: AsyncIterator[bytes],
    look: Callable[[], Awaitable[Room]],
    keep: Callable[[Arrived], Awaitable[UUID]],
) -> UUID:
    """Take a file as long as `look` allows it, and there is the room that it finds; then `keep`
    makes it a resource's, in its own act."""
    _require(await look(), 1)
    with arrivals.counted(principal) as slot, TemporaryFile() as content:

        async def look_at_both() -> None:
            slot.require()
            await look()

        counted = slot.counting(pieces)
        arrived = await arrivals.receive(clean_file_name(name), counted, content, look_at_both)
        _require(await look(), arrived.size)
        async with arrivals.in_database(arrived, principal, look):
            return await keep(arrived)


async def open_file(principal: Principal, resource_id: UUID) -> OpenFile:
    """The file of a resource, for people who may see the resource.

    Raises `NotFoundError`, also if it was archived. Reading the pieces raises the same if something
    has changed meanwhile.
    """

    @asynccontextmanager
    async def look() -> AsyncIterator[tuple[Transaction, ResourceFile]]:
        async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
            yield view.tx, await _find(view, resource_id)

    return await open_by(look)


async def open_by(look: Look) -> OpenFile:
    """A file to be read, if `look` allows it; raises what that raises."""
    async with look() as (_, file):
        pass
    return OpenFile(file.name, file.media_type, file.size, file.sha256, _pieces(look))


async def _pieces(look: Look) -> AsyncIterator[bytes]:
    number = 0
    while True:
        async with look() as (tx, file):
            chunks = await tx.exec(
                select(FileChunk.data)
                .where(FileChunk.resource_id == file.resource_id, FileChunk.number >= number)
                .order_by(col(FileChunk.number))
                .limit(READ_AT_ONCE)
            )
            found = chunks.all()
        for data in found:
            yield data
        number += READ_AT_ONCE
        if len(found) < READ_AT_ONCE:
            return


async def _find(view: View, resource_id: UUID) -> ResourceFile:
    resource = await view.tx.get(Resource, resource_id)
    file = await view.tx.get(ResourceFile, resource_id)
    if (
        resource is None
        or file is None
        or resource.tenant_id != view.tenant_id
        or resource.archived_at is not None
    ):
        raise NotFoundError("This file doesn't exist, or was archived.")
    return file


@looks_first
async def _keep(principal: Principal, poc_id: UUID, arrived: Arrived) -> UUID:
    async with acting(principal, Permission.COMMENT) as act:
        poc = await get_poc_to_change(act, poc_id)
        await _require_room(act, _of_poc(poc.id), arrived.size)
        return await _add(act, poc, arrived, OwnerIds(poc_id=poc.id))


@looks_first
async def _keep_in_template(principal: Principal, owner_ids: OwnerIds, arrived: Arrived) -> UUID:
    async with acting(principal, Permission.ADD_TEMPLATE_RESOURCES) as act:
        template = await template_of(act, owner_ids, lock=True)
        await _require_room(act, _of_template(owner_ids), arrived.size)
        return await _add(act, template, arrived, owner_ids)


async def _add(act: Act, owner: Belongs, arrived: Arrived, owner_ids: OwnerIds) -> UUID:
    resource = act.add(
        Resource(
            **stamp(act),
            **vars(owner_ids),
            id=arrived.id,
            kind=ResourceKind.FILE,
            title=arrived.name,
            content="",
        )
    )
    await act.tx.flush()
    await arrivals.belongs(act.tx, resource.id, resource.poc_id)
    size, sha256 = arrived.size, arrived.sha256
    await act.record(ResourceAction.ADDED, owner, resource=resource.title, size=size, sha256=sha256)
    tell_changed(act, resource)
    return resource.id


async def copy_content(act: Act, source: Resource, copy: Resource) -> None:
    """Copy the file of a source resource to its copy, if the source is one. Raises `ConflictError`
    if there is no room for the copy, or if the source was deleted meanwhile."""
    if source.kind is not ResourceKind.FILE:
        return
    await act.tx.flush()
    # The organisation first, as `_require_room` does for each file: otherwise two acts that copy
    # the same files in another order would wait for one another. Then the file, so that nobody
    # deletes its content before it is copied.
    await act.get_tenant(lock=True)
    file = await act.tx.get(ResourceFile, source.id, **LOCKED)
    if file is None:
        raise ConflictError(f"“{source.title}” was deleted meanwhile. Try again.")
    where = _of_poc(copy.poc_id) if copy.poc_id else _of_template(owners_of(copy))
    await _require_room(act, where, file.size)
    facts = file.model_dump(include={"tenant_id", "name", "media_type", "size", "sha256"})
    act.add(ResourceFile(resource_id=copy.id, poc_id=copy.poc_id, **facts))
    await act.tx.flush()
    chunk = col(FileChunk.resource_id)
    chunks = select(literal(copy.id, Uuid()), FileChunk.number, FileChunk.data).where(
        chunk == source.id
    )
    await act.tx.exec(insert(FileChunk).from_select(["resource_id", "number", "data"], chunks))


async def _room(view: View, which: ColumnElement[bool]) -> Room:
    size = func.coalesce(func.sum(ResourceFile.size), 0)
    kept = select(size).join(Resource, col(Resource.id) == ResourceFile.resource_id)
    of_tenant = select(size).where(
        col(ResourceFile.tenant_id) == view.tenant_id, col(ResourceFile.arriving_since).is_(None)
    )
    settings = runtime.current().settings
    return Room(
        used=int((await view.tx.exec(kept.where(which))).one()),
        most=settings.most_of_poc,
        most_of_file=settings.most_of_file,
        used_of_tenant=int((await view.tx.exec(of_tenant)).one()),
        most_of_tenant=settings.most_of_tenant,
    )


def _of_poc(poc_id: UUID) -> ColumnElement[bool]:
    return col(Resource.poc_id) == poc_id


def _of_template(owner_ids: OwnerIds) -> ColumnElement[bool]:
    if owner_ids.group_template_id is not None:
        return col(Resource.group_template_id) == owner_ids.group_template_id
    return col(Resource.task_template_id) == owner_ids.task_template_id


async def _require_room(act: Act, which: ColumnElement[bool], size: int) -> None:
    """Check that there is room for a file; until this act ends, nobody else takes it. Raises
    `ConflictError`."""
    await act.get_tenant(lock=True)
    _require(await _room(act, which), size)


def _require(room: Room, size: int) -> None:
    if room.used + size > room.most:
        raise ConflictError(
            f"The files here may have {room.most / MB:,.3g} MB together, and have "
            f"{room.used / MB:,.3g}. Archive others and delete them for good, or keep this one "
            "elsewhere, and add a link to it."
        )
    if room.used_of_tenant + size > room.most_of_tenant:
        raise ConflictError(
            f"The files of this organisation may have {room.most_of_tenant / MB:,.3g} MB together, "
            f"and have {room.used_of_tenant / MB:,.3g}. Delete archived files for good, "
            "keep this one elsewhere, and add a link; or ask whoever runs Rollcall for more "
            "room (ROLLCALL_TENANT_FILES_MB)."
        )
