"""The service calls about files, each on rows that are put there for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from models import Role
from services.access.actor import Actor
from services.workspace import deleting, files
from tests.services.call import EVERYONE
from tests.services.workspace.rows import Rows

AUTHORS, WORKERS = {Role.ADMINISTRATOR}, {Role.SALES_ENGINEER}


async def _said() -> AsyncIterator[bytes]:
    yield b"Said"


async def _read(actor: Actor, resource_id: UUID) -> bytes:
    file = await files.open_file(actor, resource_id)
    return b"".join([piece async for piece in file.pieces])


FILE_ROWS: list[tuple[str, set[Role], Callable[[Actor, Rows, UUID], Awaitable[object]]]] = [
    (
        "deleting.list_archived_files",
        EVERYONE,
        lambda a, r, _: deleting.list_archived_files(a, r.poc),
    ),
    ("deleting.delete_file", WORKERS, lambda a, r, _: deleting.delete_file(a, r.file)),
    (
        "deleting.list_archived_files_of_group",
        EVERYONE,
        lambda a, r, _: deleting.list_archived_files_of_group(a, r.group_template),
    ),
    (
        "deleting.delete_file_of_template",
        AUTHORS,
        lambda a, r, _: deleting.delete_file_of_template(a, r.template_resource),
    ),
    ("files.get_room", EVERYONE, lambda a, r, _: files.get_room(a, r.poc)),
    ("files.open_file", EVERYONE, lambda a, r, _: _read(a, r.file)),
    (
        "files.get_room_of_group",
        EVERYONE,
        lambda a, r, _: files.get_room_of_group(a, r.group_template),
    ),
    (
        "files.upload_to_template",
        AUTHORS,
        lambda a, r, _: files.upload_to_template(
            a, "a.txt", _said(), group_template_id=r.group_template
        ),
    ),
    ("files.upload", WORKERS, lambda a, r, _: files.upload(a, r.poc, "a.txt", _said())),
]
