"""Files of POCs and templates: resources whose content is in the database, in chunks.

A file arrives outside the database first, in an unnamed file that ends with this process, so that a
broken upload leaves nothing. The right to upload is checked before the first byte and at the
commit; the right to download, before each piece.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, literal
from sqlmodel import col, func, insert, select

from models import FileChunk, GroupTemplate, Resource, ResourceFile, ResourceKind
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, acting, viewing
from services.core import runtime
from services.core.db import Transaction
from services.core.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    NotFoundError,
    TooMuchAtOnceError,
)
from services.core.looking import looks_first
from services.core.settings import MB
from services.workspace.actions import ResourceAction
from services.workspace.file_types import clean_file_name, media_type_of
from services.workspace.resources import Belongs, OwnerIds, tell_changed, template_of
from services.workspace.rights import (
    get_poc,
    get_poc_to_change,
    require_may_change,
    stamp,
)

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
"""The bytes of a chunk: large enough for few rows, small enough to hold one for everybody at
once."""
READ_AT_ONCE = 4
"""How many chunks a download reads in one transaction."""
MOST_AT_ONCE = 16
"""How many uploads may arrive in one process at a time; ..."""
MOST_OF_A_USER = 4
"""... and how many of them may be one user's."""


@dataclass(frozen=True)
class Room:
    """How many bytes the files of a POC have and may have, and how many one file may have."""

    used: int
    most: int
    most_of_file: int


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


@dataclass(frozen=True)
class _Arrived:
    """A file that has arrived completely, and isn't in the database yet."""

    name: str
    content: BinaryIO
    size: int
    sha256: str
    media_type: str


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
    name = clean_file_name(name)
    async with viewing(principal, Permission.COMMENT) as view:
        poc = await get_poc(view, poc_id)
        await require_may_change(view, poc)
        _require(await _room(view, _of_poc(poc.id)), 1)
    with _arriving(principal), TemporaryFile() as content:
        return await _keep(principal, poc_id, await _receive(name, pieces, content))


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
    name, owner_ids = clean_file_name(name), OwnerIds(task_template_id, group_template_id)
    async with viewing(principal, Permission.ADD_TEMPLATE_RESOURCES) as view:
        await template_of(view, owner_ids)
        _require(await _room(view, _of_template(owner_ids)), 1)
    with _arriving(principal), TemporaryFile() as content:
        arrived = await _receive(name, pieces, content)
        return await _keep_in_template(principal, owner_ids, arrived)


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


async def _receive(name: str, pieces: AsyncIterator[bytes], content: BinaryIO) -> _Arrived:
    most, size, digest = runtime.current().settings.most_of_file, 0, hashlib.sha256()
    async for piece in pieces:
        size += len(piece)
        if size > most:
            raise InvalidInputError({"file": f"{name} is larger than {most / MB:,.3g} MB."})
        digest.update(piece)
        with _told_where_full():
            content.write(piece)
    if not size:
        raise InvalidInputError({"file": f"{name} is empty: there is nothing to keep."})
    with _told_where_full():
        content.seek(0)
    media_type = media_type_of(content.read(CHUNK), name)
    return _Arrived(name, content, size, digest.hexdigest(), media_type)


@looks_first
async def _keep(principal: Principal, poc_id: UUID, arrived: _Arrived) -> UUID:
    async with acting(principal, Permission.COMMENT) as act:
        poc = await get_poc_to_change(act, poc_id)
        _require(await _room(act, _of_poc(poc.id)), arrived.size)
        return await _add(act, poc, arrived, OwnerIds(poc_id=poc.id))


@looks_first
async def _keep_in_template(principal: Principal, owner_ids: OwnerIds, arrived: _Arrived) -> UUID:
    async with acting(principal, Permission.ADD_TEMPLATE_RESOURCES) as act:
        template = await template_of(act, owner_ids)
        _require(await _room(act, _of_template(owner_ids)), arrived.size)
        return await _add(act, template, arrived, owner_ids)


async def _add(act: Act, owner: Belongs, arrived: _Arrived, owner_ids: OwnerIds) -> UUID:
    resource = act.add(
        Resource(
            **stamp(act),
            **vars(owner_ids),
            kind=ResourceKind.FILE,
            title=arrived.name,
            content="",
        )
    )
    await act.tx.flush()
    facts = {
        "name": arrived.name,
        "media_type": arrived.media_type,
        "size": arrived.size,
        "sha256": arrived.sha256,
    }
    act.add(_row(resource, **facts))
    await act.tx.flush()
    await _store(act, resource.id, arrived.content)
    size, sha256 = arrived.size, arrived.sha256
    await act.record(ResourceAction.ADDED, owner, resource=resource.title, size=size, sha256=sha256)
    tell_changed(act, resource)
    return resource.id


async def copy_content(act: Act, source: Resource, copy: Resource) -> None:
    """Copy the file of a source resource to its copy, if there is one. Raises `ConflictError` if
    the POC of the copy has no room for it."""
    file = await act.tx.get(ResourceFile, source.id)
    if file is None:
        return
    if copy.poc_id is not None:
        _require(await _room(act, _of_poc(copy.poc_id)), file.size)
    facts = file.model_dump(include={"name", "media_type", "size", "sha256"})
    act.add(_row(copy, **facts))
    await act.tx.flush()
    chunk = col(FileChunk.resource_id)
    chunks = select(literal(copy.id, Uuid()), FileChunk.number, FileChunk.data).where(
        chunk == source.id
    )
    await act.tx.exec(insert(FileChunk).from_select(["resource_id", "number", "data"], chunks))


def _row(resource: Resource, **facts: Any) -> ResourceFile:
    return ResourceFile(
        resource_id=resource.id, tenant_id=resource.tenant_id, poc_id=resource.poc_id, **facts
    )


async def _store(act: Act, resource_id: UUID, content: BinaryIO) -> None:
    content.seek(0)
    number = 0
    while data := content.read(CHUNK):
        chunk = {"resource_id": resource_id, "number": number, "data": data}
        await act.tx.exec(insert(FileChunk).values(chunk))
        number += 1


async def _room(view: View, which: ColumnElement[bool]) -> Room:
    sizes = (
        select(func.sum(ResourceFile.size))
        .join(Resource, col(Resource.id) == ResourceFile.resource_id)
        .where(which)
    )
    settings = runtime.current().settings
    used = int((await view.tx.exec(sizes)).one() or 0)
    return Room(used, settings.most_of_poc, settings.most_of_file)


def _of_poc(poc_id: UUID) -> ColumnElement[bool]:
    return col(Resource.poc_id) == poc_id


def _of_template(owner_ids: OwnerIds) -> ColumnElement[bool]:
    if owner_ids.group_template_id is not None:
        return col(Resource.group_template_id) == owner_ids.group_template_id
    return col(Resource.task_template_id) == owner_ids.task_template_id


def _require(room: Room, size: int) -> None:
    if room.used + size > room.most:
        raise ConflictError(
            f"The files here may have {room.most / MB:,.3g} MB together, and have "
            f"{room.used / MB:,.3g}. Keep this one elsewhere, and add a link to it."
        )


class _Arriving:
    """The uploads that arrive in this process."""

    def __init__(self) -> None:
        self.of: Counter[UUID | None] = Counter()


@contextmanager
def _arriving(principal: Principal) -> Iterator[None]:
    """Count one more upload for as long as the block runs."""
    of, who = runtime.current().part(_Arriving).of, principal.user_id
    if of.total() >= MOST_AT_ONCE or of[who] >= MOST_OF_A_USER:
        raise TooMuchAtOnceError
    of[who] += 1
    try:
        yield
    finally:
        of[who] -= 1


@contextmanager
def _told_where_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("What is uploaded can't be written: %s", error)
        raise DatabaseUnavailableError("There is no room for what is being uploaded.") from error
