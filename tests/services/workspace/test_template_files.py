"""Files of templates: what each new POC gets a copy of."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import create_engine
from sqlmodel import col, delete, select

from models import FileChunk, ResourceFile
from services.access.actor import Actor
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.database.migrations import _config
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.workspace import files, resources, templates
from services.workspace.resource_forms import FileForm
from tests.factories import create_tenant, create_user, sign_in
from tests.services.sessions.test_outside import insert_row
from tests.services.workspace.scene import create_group, create_poc, pieces_of

CONTENT = bytes(range(256)) * 3_000  # several chunks, and a rest


async def _hash_of(actor: Actor, resource_id: UUID) -> str:
    file = await files.open_file(actor, resource_id)
    digest = hashlib.sha256(b"".join([piece async for piece in file.pieces])).hexdigest()
    assert digest == file.sha256
    return digest


async def test_a_new_poc_has_a_copy_that_stays_whatever_becomes_of_the_template(
    ada: Actor, author: Actor
) -> None:
    group = await create_group(author)
    file = await files.upload_to_template(
        author, "plan.bin", pieces_of(CONTENT), group_template_id=group
    )
    assert (await files.get_room_of_group(author, group)).used == len(CONTENT)
    poc = await create_poc(ada, group_ids=[group])
    (copy,) = await resources.list_of_poc(ada, poc)
    assert (copy.title, copy.file and copy.file.size) == ("plan.bin", len(CONTENT))
    assert (await files.get_room(ada, poc)).used == len(CONTENT)
    await resources.set_archived_of_template(author, file, 1, archived=True)
    async with transaction() as tx:  # nothing of the copy is the template's
        await tx.exec(delete(FileChunk).where(col(FileChunk.resource_id) == file))
    assert await _hash_of(ada, copy.id) == hashlib.sha256(CONTENT).hexdigest()


async def test_a_duplicate_and_a_task_of_a_template_have_theirs(ada: Actor, author: Actor) -> None:
    group = await create_group(author)
    await files.upload_to_template(author, "a", pieces_of(b"group"), group_template_id=group)
    again = await templates.duplicate_group(author, group)
    task = await templates.create_task(
        author, templates.TaskTemplateForm(title="Call"), group_id=again
    )
    await files.upload_to_template(author, "b", pieces_of(b"task"), task_template_id=task)
    poc = await create_poc(ada, group_ids=[again])
    found = {row.title: row for row in await resources.list_of_poc(ada, poc)}
    assert await _hash_of(ada, found["a"].id) == hashlib.sha256(b"group").hexdigest()
    assert await _hash_of(ada, found["b"].id) == hashlib.sha256(b"task").hexdigest()


async def test_it_is_shared_with_customers_where_its_template_says_so(
    ada: Actor, author: Actor
) -> None:
    group = await create_group(author)
    file = await files.upload_to_template(author, "a", pieces_of(b"x"), group_template_id=group)
    await resources.edit_of_template(author, file, 1, FileForm(title="Plan", shared=True))
    poc = await create_poc(ada, group_ids=[group])
    (copy,) = await resources.list_of_poc(ada, poc)
    assert (copy.title, copy.shared) == ("Plan", True)


async def test_what_is_too_large_for_a_template_or_for_the_poc_is_refused(
    rollcall: Runtime, ada: Actor, author: Actor
) -> None:
    group = await create_group(author)
    rollcall.settings.file_mb = 1_000 / 2**20
    rollcall.settings.poc_files_mb = 1_500 / 2**20
    add = files.upload_to_template
    with pytest.raises(InvalidInputError, match="larger than"):
        await add(author, "a", pieces_of(b"x" * 1_001), group_template_id=group)
    await add(author, "a", pieces_of(b"x" * 1_000), group_template_id=group)
    with pytest.raises(ConflictError, match="add a link to it"):
        await add(author, "b", pieces_of(b"x" * 501), group_template_id=group)
    rollcall.settings.poc_files_mb = 900 / 2**20
    with pytest.raises(ConflictError, match="add a link to it"):
        await create_poc(ada, group_ids=[group])
    async with reading() as tx:
        rows = await tx.exec(select(ResourceFile))
        assert len(rows.all()) == 1


async def test_a_duplicate_for_whose_files_the_organisation_has_no_room_is_refused(
    rollcall: Runtime, author: Actor
) -> None:
    group = await create_group(author)
    await files.upload_to_template(author, "a", pieces_of(b"x" * 600), group_template_id=group)
    rollcall.settings.tenant_files_mb = 1_000 / 2**20
    with pytest.raises(ConflictError, match="files of this organisation"):
        await templates.duplicate_group(author, group)
    assert (await files.get_room_of_group(author, group)).used_of_tenant == 600


async def test_another_organisations_template_takes_none(author: Actor) -> None:
    other = await create_tenant("Other")
    stranger = await sign_in(await create_user(other))
    poc = await create_poc(stranger)
    with pytest.raises(NotFoundError):
        await files.upload_to_template(author, "a", pieces_of(b"x"), group_template_id=poc)


def test_files_that_were_there_are_there_after_the_upgrade(tmp_path: Path) -> None:
    """SQLite copies their table, and the chunks refer to it."""
    database, config = tmp_path / "old.db", _config()
    engine = create_engine(f"sqlite:///{database}")

    def upgrade(to: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            connection.commit()
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, to)

    upgrade("0023")
    resource = "4" * 32
    with closing(sqlite3.connect(database)) as connection:
        rows: list[tuple[str, dict[str, Any]]] = [
            ("tenant", {"id": "1" * 32, "slug": "acme"}),
            ("user_account", {"id": "2" * 32, "tenant_id": "1" * 32, "role": "sales_engineer"}),
            ("poc", {"id": "3" * 32, "tenant_id": "1" * 32, "owner_id": "2" * 32}),
            ("resource", {"id": resource, "tenant_id": "1" * 32, "poc_id": "3" * 32}),
            (
                "resource_file",
                {"resource_id": resource, "tenant_id": "1" * 32, "poc_id": "3" * 32},
            ),
            ("file_chunk", {"resource_id": resource, "number": 0, "data": CONTENT}),
        ]
        for table, values in rows:
            insert_row(connection, table, values)
        connection.commit()
    upgrade("head")
    engine.dispose()
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT poc_id, data FROM resource_file JOIN file_chunk USING (resource_id)"
        ).fetchall()
        assert found == [("3" * 32, CONTENT)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
