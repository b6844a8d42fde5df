"""Archived files are deleted for good, which frees their room."""

import pytest

from models import Tenant
from services.access.actor import Actor
from services.core.errors import NotFoundError
from services.workspace import archived, deleting, files, resources
from tests import books
from tests.services.workspace.scene import create_group, create_poc, pieces_of
from tests.services.workspace.test_files import read, rows_of_files


async def test_an_archived_file_that_is_deleted_frees_its_room_and_stays_in_the_log(
    ada: Actor, tenant: Tenant
) -> None:
    poc = await create_poc(ada)
    kept = await files.upload(ada, poc, "kept.txt", pieces_of(b"kept"))
    gone = await files.upload(ada, poc, "gone.txt", pieces_of(b"gone!"))
    await resources.set_archived_of_poc(ada, gone, 1, archived=True)
    room = await files.get_room(ada, poc)
    assert (room.used, room.used_of_tenant) == (9, 9)
    (found,) = await deleting.list_archived_files(ada, poc)
    assert (found.id, found.title, found.size) == (gone, "gone.txt", 5)
    assert await deleting.delete_file(ada, gone) == 5
    room = await files.get_room(ada, poc)
    assert (room.used, room.used_of_tenant) == (4, 4)
    assert await rows_of_files() == (1, 1)
    assert await archived.list_archived(ada, poc) == []
    assert [view.id for view in await resources.list_of_poc(ada, poc)] == [kept]
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.action, entry.details["resource"]) == ("resource.deleted", "gone.txt")
    with pytest.raises(NotFoundError):
        await deleting.delete_file(ada, gone)


async def test_a_file_that_was_restored_meanwhile_is_not_deleted(ada: Actor) -> None:
    poc = await create_poc(ada)
    file_id = await files.upload(ada, poc, "plan.txt", pieces_of(b"plan"))
    version = await resources.set_archived_of_poc(ada, file_id, 1, archived=True)
    await resources.set_archived_of_poc(ada, file_id, version, archived=False)
    assert await deleting.delete_file(ada, file_id) == 0
    assert await rows_of_files() == (1, 1)


async def test_an_archived_file_of_a_template_is_deleted_and_pocs_keep_their_copies(
    author: Actor, ada: Actor
) -> None:
    group = await create_group(author)
    file_id = await files.upload_to_template(
        author, "plan.txt", pieces_of(b"plan"), group_template_id=group
    )
    poc = await create_poc(ada, group_ids=[group])
    await resources.set_archived_of_template(author, file_id, 1, archived=True)
    with pytest.raises(NotFoundError):
        await deleting.delete_file(ada, file_id)
    (found,) = await deleting.list_archived_files_of_group(author, group)
    assert await deleting.delete_file_of_template(author, found.id) == 4
    assert await deleting.list_archived_files_of_group(author, group) == []
    (copy,) = await resources.list_of_poc(ada, poc)
    assert await read(ada, copy.id) == b"plan"
    assert await rows_of_files() == (1, 1)
