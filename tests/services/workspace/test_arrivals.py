"""Files on their way: they hold nobody up, never take more room than there is, and what breaks off
leaves nothing."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import func, select

from models import FileChunk, ResourceFile, Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, SessionEndedError, TooMuchAtOnceError
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.operations import housekeeping
from services.sessions import sessions
from services.workspace import arrivals, files
from services.workspace.arrivals import Arrived
from tests.factories import create_tenant, create_user, sign_in
from tests.racing import race
from tests.services.workspace.scene import create_group, create_poc, pieces_of

MB = 2**20


async def kept() -> tuple[int, int]:
    """How many files there are, and how many bytes in chunks."""
    async with reading() as tx:
        count = (await tx.exec(select(func.count()).select_from(ResourceFile))).one()
        size = (await tx.exec(select(func.sum(func.length(FileChunk.data))))).one()
    return count, int(size or 0)


async def arrived(name: str = "a") -> Arrived:
    """A file of three chunks that has arrived."""

    async def look() -> None:
        """It is always allowed."""

    content = b"x" * (2 * arrivals.CHUNK + 1)
    return await arrivals.receive(name, pieces_of(content), io.BytesIO(), look)


async def test_no_turn_in_the_queue_is_longer_than_a_chunk(rollcall: Runtime, ada: Actor) -> None:
    poc_id = await create_poc(ada)
    begun = rollcall.database.queue.begun
    await files.upload(ada, poc_id, "a", pieces_of(b"x" * (5 * arrivals.CHUNK)))
    its_row, its_chunks, the_resource = 1, 5, 1
    assert rollcall.database.queue.begun - begun == its_row + its_chunks + the_resource


async def test_a_file_that_isnt_there_yet_is_nowhere(ada: Actor) -> None:
    async def look() -> None:
        """It is always allowed."""

    poc_id, file = await create_poc(ada), await arrived()
    async with arrivals.in_database(file, ada, look):
        assert await kept() == (1, file.size)
        room = await files.get_room(ada, poc_id)
        assert (room.used, room.used_of_tenant) == (0, 0)


async def test_what_breaks_off_while_it_is_written_leaves_nothing(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    async def look() -> None:
        looked.append(await kept())
        if len(looked) == 2:
            raise SessionEndedError

    monkeypatch.setattr(arrivals, "ASKED_EVERY", 0)
    with pytest.raises(SessionEndedError):
        async with arrivals.in_database(await arrived(), ada, look):
            raise AssertionError("it was written to its end")
    assert looked == [(1, 0), (1, arrivals.CHUNK)]
    assert await kept() == (0, 0)


async def test_what_a_process_left_that_ended_is_tidied_up(ada: Actor) -> None:
    async def look() -> None:
        """It is always allowed."""

    ends = arrivals.in_database(await arrived(), ada, look)
    await ends.__aenter__()
    clock.shift(timedelta(minutes=59))
    await housekeeping.tidy_up()
    assert (await kept())[0] == 1
    clock.shift(timedelta(minutes=61))
    await files.upload(ada, await create_poc(ada), "b", pieces_of(b"whole"))
    await housekeeping.tidy_up()
    clock.shift(timedelta(0))
    assert await kept() == (1, len(b"whole"))


async def test_an_upload_that_stands_still_ends_with_its_session(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    poc_id = await create_poc(ada)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x"
        await sessions.sign_out(ada)
        await asyncio.Event().wait()

    monkeypatch.setattr(arrivals, "ASKED_EVERY", 0.01)
    with pytest.raises(SessionEndedError):
        await files.upload(ada, poc_id, "a", stalled())
    assert await kept() == (0, 0)


async def test_the_files_of_an_organisation_have_so_much_room_together(
    rollcall: Runtime, ada: Actor
) -> None:
    rollcall.settings.tenant_files_mb = 1_000 / MB
    await files.upload(ada, await create_poc(ada), "a", pieces_of(b"x" * 600))
    sentence = "organisation .* add a link; or ask whoever runs Rollcall"
    with pytest.raises(ConflictError, match=sentence):
        await files.upload(ada, await create_poc(ada), "b", pieces_of(b"x" * 401))
    await files.upload(ada, await create_poc(ada), "c", pieces_of(b"x" * 400))
    elsewhere = await sign_in(await create_user(await create_tenant("Other")))
    await files.upload(elsewhere, await create_poc(elsewhere), "d", pieces_of(b"x" * 900))


async def test_a_template_is_copied_only_where_the_organisation_has_room(
    rollcall: Runtime, ada: Actor, author: Actor
) -> None:
    group = await create_group(author)
    add = files.upload_to_template
    await add(author, "a", pieces_of(b"x" * 600), group_template_id=group)
    rollcall.settings.tenant_files_mb = 1_199 / MB
    with pytest.raises(ConflictError, match="files of this organisation"):
        await create_poc(ada, group_ids=[group])
    rollcall.settings.tenant_files_mb = 1_200 / MB
    await create_poc(ada, group_ids=[group])


@pytest.mark.parametrize("of", ["poc", "template", "organisation"])
async def test_two_uploads_at_once_never_take_more_room_than_there_is(
    rollcall: Runtime, ada: Actor, author: Actor, of: str
) -> None:
    if of == "organisation":
        rollcall.settings.tenant_files_mb = 1_000 / MB
    else:
        rollcall.settings.poc_files_mb = 1_000 / MB
    poc, group = await create_poc(ada), await create_group(author)
    places = [poc, await create_poc(ada) if of == "organisation" else poc]
    start = asyncio.Barrier(2)

    async def together() -> AsyncIterator[bytes]:
        await start.wait()
        yield b"x" * 600

    async def upload(place: UUID) -> UUID:
        if of == "template":
            return await files.upload_to_template(author, "a", together(), group_template_id=group)
        return await files.upload(ada, place, "a", together())

    done, refused = await race(*map(upload, places))
    assert (len(done), [type(error) for error in refused]) == (1, [ConflictError])
    assert await kept() == (1, 600)


async def test_slow_uploads_of_two_people_keep_nobody_else_from_uploading(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "ASKED_EVERY", 0.05)
    slow = [await sign_in(await create_user(tenant)) for _ in range(2)]
    third = await sign_in(await create_user(tenant))
    never = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x"
        begun.release()
        await never.wait()

    begun, uploads = asyncio.Semaphore(0), []
    for who in slow:
        poc_id = await create_poc(who)
        for _ in range(arrivals.MOST_OF_A_USER):
            uploads.append(asyncio.create_task(files.upload(who, poc_id, "a", slowly())))
            await begun.acquire()
    poc_id = await create_poc(third)
    with pytest.raises(TooMuchAtOnceError):
        await files.upload(third, poc_id, "a", pieces_of(b"too early to disturb anybody"))
    monkeypatch.setattr(arrivals, "UNDISTURBED", 0.0)
    await files.upload(third, poc_id, "a", pieces_of(b"x"))
    with pytest.raises(TooMuchAtOnceError):
        await uploads[0]
    still = uploads[1:]
    assert not any(upload.done() for upload in still)
    for upload in still:
        upload.cancel()
    await asyncio.gather(*still, return_exceptions=True)


async def test_the_slowest_of_one_upload_each_gives_way_to_who_has_none(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "UNDISTURBED", 0.0)
    monkeypatch.setattr(arrivals, "SLOW", 1e12)
    people = [await sign_in(await create_user(tenant)) for _ in range(arrivals.MOST_OF_A_TENANT)]
    last = await sign_in(await create_user(tenant))
    with ExitStack() as stack:
        slots = [stack.enter_context(arrivals.counted(who)) for who in people]
        for slot in slots:
            slot.since = slots[0].since
        for slot in slots[1:]:
            async for _ in slot.counting(pieces_of(b"x" * 100)):
                pass
        with pytest.raises(TooMuchAtOnceError), arrivals.counted(people[0]):
            pass
        stack.enter_context(arrivals.counted(last))
        assert [slot.is_lost for slot in slots] == [True, *[False] * len(slots[1:])]


async def test_an_upload_that_is_not_slow_gives_way_to_nobody_who_would_have_as_many(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "UNDISTURBED", 0.0)
    monkeypatch.setattr(arrivals, "SLOW", 0)
    people = [await sign_in(await create_user(tenant)) for _ in range(arrivals.MOST_OF_A_TENANT)]
    last = await sign_in(await create_user(tenant))
    with ExitStack() as slots:
        for who in people:
            slots.enter_context(arrivals.counted(who))
        for who in (last, people[0]):
            with pytest.raises(TooMuchAtOnceError), arrivals.counted(who):
                pass


async def test_who_sends_one_file_after_the_other_gives_way_to_who_has_sent_few(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(arrivals, "monotonic", lambda: now)
    monkeypatch.setattr(arrivals, "SLOW", 0)
    people = [await sign_in(await create_user(tenant)) for _ in range(arrivals.MOST_OF_A_TENANT)]
    first, second = [await sign_in(await create_user(tenant)) for _ in range(2)]
    while now <= arrivals.OF_ONE_AT_ONCE / (1 - arrivals.OF_ONE):
        with ExitStack() as stack:
            for who in people:
                stack.enter_context(arrivals.counted(who))
            with pytest.raises(TooMuchAtOnceError), arrivals.counted(first):
                pass
            now += arrivals.UNDISTURBED - 1
    with ExitStack() as stack:
        slots = [stack.enter_context(arrivals.counted(who)) for who in people]
        stack.enter_context(arrivals.counted(first))
        stack.enter_context(arrivals.counted(second))
        assert sum(slot.is_lost for slot in slots) == 2
        with pytest.raises(TooMuchAtOnceError), arrivals.counted(people[0]):
            pass
    now += arrivals.OF_ONE_AT_ONCE * len(people) / arrivals.OF_ONE
    with ExitStack() as stack:
        for who in people:
            stack.enter_context(arrivals.counted(who))
        with pytest.raises(TooMuchAtOnceError), arrivals.counted(first):
            pass


async def test_one_organisation_cant_take_every_place(tenant: Tenant, ada: Actor) -> None:
    people = [await sign_in(await create_user(tenant)) for _ in range(3)]
    elsewhere = await sign_in(await create_user(await create_tenant("Other")))
    with ExitStack() as places:
        for who in people[:2]:
            for _ in range(arrivals.MOST_OF_A_USER):
                places.enter_context(arrivals.counted(who))
        with pytest.raises(TooMuchAtOnceError), arrivals.counted(people[2]):
            pass
        places.enter_context(arrivals.counted(elsewhere))
    with arrivals.counted(ada):
        pass
