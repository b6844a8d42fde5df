"""What the dialog says of archived files that it was to delete."""

from uuid import UUID

from models import Tenant
from services.workspace import deleting, files, pocs, resources
from tests.factories import create_user, sign_in
from tests.services.workspace.scene import create_poc, pieces_of
from ui.pages.workspace.archived_files import delete_each


async def test_files_that_are_deleted_before_one_is_refused_are_told_with_those_that_are_not(
    tenant: Tenant,
) -> None:
    ada = await sign_in(await create_user(tenant))
    poc = await create_poc(ada)
    ids = [await files.upload(ada, poc, f"{n}.txt", pieces_of(b"plan")) for n in range(4)]
    for file_id in ids:
        await resources.set_archived_of_poc(ada, file_id, 1, archived=True)
    await resources.set_archived_of_poc(ada, ids[0], 2, archived=False)

    async def delete(file_id: UUID) -> int:
        size = await deleting.delete_file(ada, file_id)
        if file_id == ids[1]:
            await pocs.set_archived(ada, poc, 1, archived=True)
        return size

    assert (await delete_each(ids, delete)).said == (
        "1 file deleted: 1 KB are free. Somebody else had restored or deleted 1 file. "
        "2 files not deleted: This POC is archived. Restore it first."
    )
    assert len(await deleting.list_archived_files(ada, poc)) == 2
