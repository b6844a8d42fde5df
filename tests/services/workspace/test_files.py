"""Files of POCs: what is kept of an upload, what of one that breaks off, and who reads it."""

import hashlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import func, select

from models import FileChunk, ResourceFile, Tenant
from services.access.actor import Actor
from services.audit import reading as audit
from services.core.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    SessionEndedError,
    TooMuchAtOnceError,
)
from services.core.file_names import clean_file_name
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.lists.query import ListQuery
from services.sessions import sessions
from services.workspace import arrivals, files, history, resources
from services.workspace.file_types import media_type_of, type_label
from services.workspace.resource_forms import FileForm, ResourceForm
from services.workspace.resources import FileFacts
from services.workspace.rights import NotAMemberError
from tests.factories import create_tenant, create_user, sign_in
from tests.services.workspace.scene import create_poc, pieces_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


async def read(actor: Actor, resource_id: UUID) -> bytes:
    file = await files.open_file(actor, resource_id)
    return b"".join([piece async for piece in file.pieces])


async def rows_of_files() -> tuple[int, int]:
    async with reading() as tx:
        kept = (await tx.exec(select(func.count()).select_from(ResourceFile))).one()
        chunks = (await tx.exec(select(func.count()).select_from(FileChunk))).one()
    return kept, chunks


def allow(rollcall: Runtime, *, of_file: int, of_poc: int = 10**9) -> None:
    rollcall.settings.file_mb = of_file / 2**20
    rollcall.settings.poc_files_mb = of_poc / 2**20


async def test_a_file_comes_back_as_it_was_and_is_internal_at_first(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    content = bytes(range(256)) * 6_000  # several reads of several chunks, and a rest
    await files.upload(ada, poc_id, "plan.bin", pieces_of(content))
    (view,) = await resources.list_of_poc(ada, poc_id)
    sha256 = hashlib.sha256(content).hexdigest()
    assert (view.title, view.shared) == ("plan.bin", False)
    assert view.file == FileFacts("application/octet-stream", len(content), sha256)
    assert await read(ada, view.id) == content
    assert (await files.get_room(ada, poc_id)).used == len(content)


async def test_what_was_uploaded_is_in_the_log_with_its_hash(ada: Actor, admin: Actor) -> None:
    poc_id = await create_poc(ada)
    await files.upload(ada, poc_id, "a.txt", pieces_of(b"abc"))
    (entry, *_) = (await audit.list_entries(admin, ListQuery())).entries
    assert entry.action_label == "Resource added"
    assert entry.summary == f"a.txt, 1 KB, {hashlib.sha256(b'abc').hexdigest()}"
    assert (await history.list_history(ada, poc_id)).entries[0].summary == "a.txt, 1 KB"


async def test_an_empty_file_and_one_byte_too_many_are_refused_and_leave_nothing(
    rollcall: Runtime, ada: Actor
) -> None:
    poc_id = await create_poc(ada)
    allow(rollcall, of_file=300_000)
    with pytest.raises(InvalidInputError, match=r"notes\.txt is empty"):
        await files.upload(ada, poc_id, "notes.txt", pieces_of(b""))
    with pytest.raises(InvalidInputError, match="larger than"):
        await files.upload(ada, poc_id, "notes.txt", pieces_of(b"x" * 300_001))
    assert await rows_of_files() == (0, 0)
    await files.upload(ada, poc_id, "notes.txt", pieces_of(b"x" * 300_000))
    assert await rows_of_files() == (1, 2)


async def test_the_files_of_a_poc_have_so_much_room_together(rollcall: Runtime, ada: Actor) -> None:
    poc_id = await create_poc(ada)
    allow(rollcall, of_file=1_000, of_poc=1_500)
    await files.upload(ada, poc_id, "one", pieces_of(b"x" * 1_000))
    with pytest.raises(ConflictError, match="add a link to it"):
        await files.upload(ada, poc_id, "two", pieces_of(b"x" * 501))
    await files.upload(ada, poc_id, "three", pieces_of(b"x" * 500))
    await files.upload(ada, await create_poc(ada), "elsewhere", pieces_of(b"x" * 501))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\plan.pdf", "plan.pdf"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("..", "file"),
        ("", "file"),
        (".gitignore", ".gitignore"),
        ("x" * 296 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
        ("in\u3164voice\ufe0f.exe", "invoice.exe"),
        ("\u3164.\u2800", "file"),
        ("\u0645\u06cc\u200c\u062e.pdf", "\u0645\u06cc\u200c\u062e.pdf"),  # as Persian is written
        ("half \ud800 a pair.txt", "half  a pair.txt"),
    ],
)
def test_a_name_is_its_last_part_without_what_nobody_sees(given: str, kept: str) -> None:
    assert clean_file_name(given) == kept


@pytest.mark.parametrize(
    ("content", "name", "label"),
    [
        (PNG, "page.html", "PNG picture"),
        (b"%PDF-1.7 \xff", "x.png", "PDF"),
        (b"PK\x03\x04", "report.docx", "Word document"),
        (b"PK\x03\x04", "report.zip", "ZIP archive"),
        (SVG, "logo.svg", "Text"),
        (b"<script>alert(1)</script>", "page.html", "Text"),
        ("Grüße\n".encode(), "notes", "Text"),
        ("\u00e9".encode()[:1] * 2, "notes.txt", "File"),
        (b"\0\1\2", "notes.txt", "File"),
    ],
)
def test_a_type_is_told_by_the_content(content: bytes, name: str, label: str) -> None:
    assert type_label(media_type_of(content, name)) == label


async def test_an_upload_that_breaks_off_leaves_nothing(ada: Actor) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await files.upload(ada, await create_poc(ada), "a", breaking())
    assert await rows_of_files() == (0, 0)


async def test_a_session_that_ends_meanwhile_uploads_nothing(ada: Actor) -> None:
    poc_id = await create_poc(ada)

    async def cut() -> AsyncIterator[bytes]:
        yield b"x"
        await sessions.sign_out(ada)
        yield b"y"

    with pytest.raises(SessionEndedError):
        await files.upload(ada, poc_id, "a", cut())
    assert await rows_of_files() == (0, 0)


async def test_who_may_not_is_told_before_a_byte_is_read(
    tenant: Tenant, ada: Actor, joan: Actor, author: Actor
) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    poc_id = await create_poc(ada)
    over = await sign_in(await create_user(tenant))
    await sessions.sign_out(over)
    for actor, refusal in (
        (joan, NotAMemberError),
        (author, NotAllowedError),
        (over, SessionEndedError),
    ):
        with pytest.raises(refusal):
            await files.upload(actor, poc_id, "a", unread())


async def test_a_download_breaks_off_with_its_session(ada: Actor, joan: Actor) -> None:
    poc_id = await create_poc(ada)
    resource_id = await files.upload(ada, poc_id, "a", pieces_of(b"x" * 1_400_000))
    pieces = (await files.open_file(joan, resource_id)).pieces
    assert await anext(pieces)
    await sessions.sign_out(joan)
    with pytest.raises(SessionEndedError):
        _ = [piece async for piece in pieces]


async def test_a_file_of_another_organisation_or_archived_is_not_there(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    resource_id = await files.upload(ada, poc_id, "a", pieces_of(b"x"))
    stranger = await sign_in(await create_user(await create_tenant("Other")))
    with pytest.raises(NotFoundError):
        await files.open_file(stranger, resource_id)
    await resources.set_archived_of_poc(ada, resource_id, 1, archived=True)
    with pytest.raises(NotFoundError):
        await files.open_file(ada, resource_id)


async def test_a_file_is_shared_and_renamed_and_stays_a_file(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    resource_id = await files.upload(ada, poc_id, "a", pieces_of(b"x"))
    await resources.edit_of_poc(ada, resource_id, 1, FileForm(title="Plan", shared=True))
    (view,) = await resources.list_of_poc(ada, poc_id)
    assert (view.title, view.shared, view.version) == ("Plan", True, 2)
    link = ResourceForm(kind="link", title="Plan", content="https://example.com")
    with pytest.raises(ConflictError, match="stays a file"):
        await resources.edit_of_poc(ada, resource_id, 2, link)
    with pytest.raises(InvalidInputError):
        ResourceForm(kind="file", title="Plan", content="x")


async def test_one_user_has_few_uploads_at_once(ada: Actor) -> None:
    poc_id = await create_poc(ada)

    async def nested(depth: int) -> AsyncIterator[bytes]:
        if depth:
            await files.upload(ada, poc_id, f"{depth}", nested(depth - 1))
        yield b"x"

    await files.upload(ada, poc_id, "a", nested(arrivals.MOST_OF_A_USER - 1))
    with pytest.raises(TooMuchAtOnceError):
        await files.upload(ada, poc_id, "a", nested(arrivals.MOST_OF_A_USER))


async def test_a_full_disk_is_told_and_leaves_nothing(rollcall: Runtime, ada: Actor) -> None:
    if not rollcall.database.is_sqlite:
        pytest.skip("PostgreSQL's disk can't be filled up here")
    poc_id = await create_poc(ada)
    async with rollcall.database.writer.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages + 20}"))
    with pytest.raises(DatabaseUnavailableError, match="disk of the database is full"):
        await files.upload(ada, poc_id, "a", pieces_of(b"x" * 1_000_000))
    assert await rows_of_files() == (0, 0)
    async with rollcall.database.writer.connect() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1000000"))
    await files.upload(ada, poc_id, "a", pieces_of(b"x" * 1_000_000))
